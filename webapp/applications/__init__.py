"""The business of an application, a module per step: submit, review, decide, issue, withdraw, again."""
