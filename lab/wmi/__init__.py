"""WMI as a host has it: classes, WQL, views of the world as instances, and methods."""
