"""Days as a town hall counts them: opening days, deadlines, fiscal years and eras; pure."""
