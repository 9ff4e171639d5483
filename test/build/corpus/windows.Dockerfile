# escape=`
# check=skip=JSONArgsRecommended,ConsistentInstructionCasing;error=true
FROM mcr.microsoft.com/windows/servercore `
  AS Base
copy testfile.txt c:\
RUN dir c:\ `
    # a comment in between
    `

    && echo done
ENV path=c:\a;${path} other="a`"b"
CMD powershell -command "Write-Host `$x"
