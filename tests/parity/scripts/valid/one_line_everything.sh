f(){ case $1 in a) if b;then c;else d;fi;;esac;};for x in y;do until z;do w;done;done;if f;then g;elif h;then i;fi
