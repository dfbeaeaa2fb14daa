"""What the C library of a host says of its disk in other languages than English, as parts of regular expressions.

A host's own programs (git, tar, cp, bash) speak the host's language there; Dokku and Docker do not. Source: the message
catalogues of glibc 2.36 for German, French, Spanish, Italian, Portuguese, Polish, Dutch, Russian, Japanese and Chinese.
"""

NO_SPACE = (
    "kein Speicherplatz mehr verfügbar|Aucun espace disponible sur|No queda espacio en el dispositivo"
    "|Spazio esaurito sul device|Sem espaço livre no dispositivo|Não há espaço disponível no dispositivo"
    "|Brak miejsca na urządzeniu|Geen ruimte meer over op apparaat|На устройстве не осталось свободного места"
    "|デバイスに空き領域がありません|设备上没有空间"
)
READ_ONLY = (
    "Das Dateisystem ist nur lesbar|Système de fichiers accessible en lecture|Sistema de ficheros de sólo lectura"
    "|File system in sola lettura|Sistema de ficheiros só de leitura|Sistema de arquivos somente para leitura"
    "|System plików wyłącznie do odczytu|Bestandssysteem is alleen-lezen|Файловая система доступна только для чтения"
    "|読み込み専用ファイルシステムです|只读文件系统"
)
QUOTA = (
    r"Plattenplatz \(Quota\) ist überschritten|Débordement du quota d'espace disque|Se ha excedido la cuota de disco"
    "|Quota disco superata|Quota do disco excedida|Cota da disco excedida|Przekroczony limit dyskowy"
    "|Schijfquotum is overschreden|Превышена дисковая квота|ディスク使用量制限を超過しました|超出磁盘限额"
)
