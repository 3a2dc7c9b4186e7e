"""Fees by ordinance: dated, cited tables in, explained yen out; pure, integers and fractions only."""
