@echo off
rem The twin of bin/setup for Windows; `py` comes with Python from www.python.org.
py -3 "%~dp0setup" %*
