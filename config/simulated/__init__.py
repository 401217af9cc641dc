"""The page of the simulated clouds' credentials. It exists in the sandbox alone."""
