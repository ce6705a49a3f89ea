"""One run from its input to its end: begin or resume, carry out, conclude."""
