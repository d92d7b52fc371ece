for a in b c
  echo; done
