if [[ a ]] then b; fi
if (( 1 )) then c; else d; fi
while (false) do e; done
