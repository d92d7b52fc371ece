echo if then else fi case esac do done in for while until function time { } ! [[ ]] select coproc
if=1 then=2; echo "$if"; for in in in; do :; done
for do in do; do :; done
a if; b=c if_not fi
