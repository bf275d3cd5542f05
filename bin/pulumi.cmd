@echo off
rem The twin of bin/pulumi for Windows.
"%~dp0..\.venv\Scripts\python.exe" "%~dp0pulumi" %*
