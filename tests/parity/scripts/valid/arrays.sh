declare -A a=([b]=c ["d e"]='f)' [$(if g; then h; fi)]=i)
j=(k "$(l)" # a comment with ) and if
  m)
j+=(n); j[1+1]=o; j[$(p)]="q r"; local s=(t)
if [[ ${a[b]} == c ]]; then echo "${j[@]}"; fi
