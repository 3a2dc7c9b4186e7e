"""One definition per procedure: which questions, what is wrong with an answer, what it costs; pure."""
