"""A folder that is watched for ever: every file put into it is imported exactly once."""
