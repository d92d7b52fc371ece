re='^if (x)$'
if [[ $a =~ $re ]]; then b; elif [[ $a =~ [0-9]+\.[0-9]+ ]]; then c; elif [[ $a =~ ^\( ]]; then d; fi
