@echo off
rem The twin of bin/${NAME} for Windows.
if not exist "%~dp0..\.venv\Scripts\python.exe" (echo The project is not set up. Run: bin\setup 1>&2 & exit /b 1)
"%~dp0..\.venv\Scripts\python.exe" "%~dp0${NAME}" %*
