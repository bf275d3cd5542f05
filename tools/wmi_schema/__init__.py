"""Writes what classes of WMI have which properties, from public pages and from lists made on live hosts, as data of the lab."""
