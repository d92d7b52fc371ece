a=`b
