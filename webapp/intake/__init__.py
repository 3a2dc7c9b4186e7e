"""Whatever is filled in: kept definitions, drafts, answers, files, answer sheets, corrections."""
