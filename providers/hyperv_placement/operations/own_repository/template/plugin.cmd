@echo off
rem The engine starts this file on Windows (Pulumi.yaml, plugins); its twin says what it does.
setlocal
for %%I in ("%~dp0..") do set "ROOT=%%~fI"
set "PYTHON=%ROOT%\.venv\Scripts\python.exe"
if not exist "%PYTHON%" if defined PULUMI_RUNTIME_VIRTUALENV (
  set "PYTHON=%ROOT%\%PULUMI_RUNTIME_VIRTUALENV%\Scripts\python.exe"
  if exist "%PULUMI_RUNTIME_VIRTUALENV%\Scripts\python.exe" for %%I in ("%PULUMI_RUNTIME_VIRTUALENV%") do set "PYTHON=%%~fI\Scripts\python.exe"
)
if not exist "%PYTHON%" if defined VIRTUAL_ENV set "PYTHON=%VIRTUAL_ENV%\Scripts\python.exe"
if not exist "%PYTHON%" if defined PULUMI_PYTHON_CMD set "PYTHON=%PULUMI_PYTHON_CMD%"
if not exist "%PYTHON%" if not defined PULUMI_PYTHON_CMD set "PYTHON=python"
"%PYTHON%" -u -P -m hyperv_placement.plugin %*
