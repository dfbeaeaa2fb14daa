"""The services.yaml that a host should have: facts of the host in, text out. Nothing is asked or written here.

`facts` is what was seen, `addresses` where an app may be asked, `pages` what an answer is worth, `mounts` which volumes
have one writer, `names` what services are called, `document` the whole file, `addition` new services in an old file,
`ci` the lines that keep a release before each deploy.
"""
