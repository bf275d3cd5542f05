@echo off
rem The twin of bin/setup for Windows; `py` comes with Python from www.python.org.
where py >nul 2>nul
if errorlevel 1 (python "%~dp0setup" %*) else (py -3 "%~dp0setup" %*)
