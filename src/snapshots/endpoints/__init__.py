"""Where rows are sent that go to no database."""
