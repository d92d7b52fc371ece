a=`if true; then echo b; fi`
b=`echo \`if false; then echo c; fi\` "\`date\`"`
