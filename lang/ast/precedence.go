package ast

// Precedence tells how tightly each binary operator binds; higher is tighter.
// All associate to the left. The conditional a ? b : c binds less than any and
// associates to the right.
var Precedence = map[string]int{
	"||": 1,
	"&&": 2,
	"|":  3,
	"^":  4,
	"&":  5,
	"==": 6, "!=": 6,
	"<": 7, "<=": 7, ">": 7, ">=": 7,
	"<<": 8, ">>": 8,
	"+": 9, "-": 9,
	"*": 10, "/": 10, "%": 10,
}
