"""The simulated Azure: Microsoft Entra ID's token endpoints and Azure Resource Manager, of all three clouds."""
