; The other machines of the pool connect to this one, so the firewall lets them in, on private and company networks only.
!macro customInstall
  nsExec::Exec 'netsh advfirewall firewall delete rule name="Hadahoop"'
  nsExec::Exec 'netsh advfirewall firewall add rule name="Hadahoop" dir=in action=allow program="$INSTDIR\${APP_EXECUTABLE_FILENAME}" profile=private,domain enable=yes'
!macroend

!macro customUnInstall
  nsExec::Exec 'netsh advfirewall firewall delete rule name="Hadahoop"'
!macroend
