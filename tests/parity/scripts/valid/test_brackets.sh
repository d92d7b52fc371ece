if [[ ( $a == *[x-z]* || ! -f $b ) && $c != "d e" ]]; then a; fi
if [[ $a =~ ^(b|c)+[[:space:]]$ ]] && [[ -n $d && $e -gt 1 ]]; then b
elif [[ $f =~ (g h)|"i;" ]] || ! [[ j < k ]]; then c; fi
[[ -n a
   && -z b
   || ( c == d
   ) ]] && e
