"""The registry as code: a file says what there shall be, a plan what differs, and a job makes it so."""
