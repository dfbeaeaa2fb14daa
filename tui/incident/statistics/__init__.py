"""What many incidents come to: pure folds over their records, and how they are told."""
