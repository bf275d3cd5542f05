"""The world as CIM instances, a module for each family of classes."""
