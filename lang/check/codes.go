package check

import "sonde/lang/source"

// The codes of diagnostics; Codes says what each means. testdata/check has a
// script for each.
const (
	ConstantOverflow      source.Code = "constant-overflow"
	Deprecated            source.Code = "deprecated"
	DiscardedValue        source.Code = "discarded-value"
	DistinctPointers      source.Code = "distinct-pointers"
	DivisionByZero        source.Code = "division-by-zero"
	EmptyString           source.Code = "empty-string"
	InvalidAccess         source.Code = "invalid-access"
	InvalidAssignment     source.Code = "invalid-assignment"
	InvalidCast           source.Code = "invalid-cast"
	InvalidCondition      source.Code = "invalid-condition"
	InvalidDefinition     source.Code = "invalid-definition"
	InvalidIndex          source.Code = "invalid-index"
	InvalidKey            source.Code = "invalid-key"
	InvalidLoop           source.Code = "invalid-loop"
	InvalidMacro          source.Code = "invalid-macro"
	InvalidMapDeclaration source.Code = "invalid-map-declaration"
	InvalidOperand        source.Code = "invalid-operand"
	InvalidProbe          source.Code = "invalid-probe"
	InvalidReturn         source.Code = "invalid-return"
	InvalidSetting        source.Code = "invalid-setting"
	InvalidType           source.Code = "invalid-type"
	LossyConversion       source.Code = "lossy-conversion"
	MapMismatch           source.Code = "map-mismatch"
	MapShape              source.Code = "map-shape"
	MisplacedAggregation  source.Code = "misplaced-aggregation"
	MisplacedJump         source.Code = "misplaced-jump"
	MissingFeature        source.Code = "missing-feature"
	MissingParameter      source.Code = "missing-parameter"
	MissingProbe          source.Code = "missing-probe"
	NotAValue             source.Code = "not-a-value"
	NothingSelected       source.Code = "nothing-selected"
	Redeclared            source.Code = "redeclared"
	StringTooLong         source.Code = "string-too-long"
	TooManyProbes         source.Code = "too-many-probes"
	TypeMismatch          source.Code = "type-mismatch"
	UnassignedVariable    source.Code = "unassigned-variable"
	UndefinedMap          source.Code = "undefined-map"
	UndefinedVariable     source.Code = "undefined-variable"
	UnknownField          source.Code = "unknown-field"
	UnknownFunction       source.Code = "unknown-function"
	UnknownIdentifier     source.Code = "unknown-identifier"
	UnknownOption         source.Code = "unknown-option"
	UnknownType           source.Code = "unknown-type"
	UnnecessaryCast       source.Code = "unnecessary-cast"
	Unreachable           source.Code = "unreachable"
	UnresolvedType        source.Code = "unresolved-type"
	UnsafeFunction        source.Code = "unsafe-function"
	UnstableFunction      source.Code = "unstable-function"
	UnusedMap             source.Code = "unused-map"
	WrongArgument         source.Code = "wrong-argument"
	WrongArgumentCount    source.Code = "wrong-argument-count"
	WrongContext          source.Code = "wrong-context"
)

// Codes says in a sentence what each code of this package means. Records report
// under codes of their own.
var Codes = map[source.Code]string{
	ConstantOverflow:      "A constant expression has a value that no 64-bit integer holds.",
	Deprecated:            "What is written here still works but will go away.",
	DiscardedValue:        "An expression is evaluated and its value thrown away.",
	DistinctPointers:      "Two pointers to different types are compared.",
	DivisionByZero:        "A constant is divided by zero.",
	EmptyString:           "An offset into a constant string lies behind its end.",
	InvalidAccess:         "A member is asked for of something that has no members.",
	InvalidAssignment:     "A value is assigned that can not be kept where it goes.",
	InvalidCast:           "A value can not be converted to the type.",
	InvalidCondition:      "A condition is neither an integer, a truth value nor a pointer.",
	InvalidDefinition:     "A C definition can not be understood.",
	InvalidIndex:          "Something that has no elements is indexed, or with an index that is none.",
	InvalidKey:            "A value can not be a map's key.",
	InvalidLoop:           "A loop goes over something that can not be walked, or an unusable number of times.",
	InvalidMacro:          "A macro is defined or called in a way that does not work.",
	InvalidMapDeclaration: "A map is declared as a kind that does not exist, or that does not fit its use.",
	InvalidOperand:        "An operator is used on types that it does not work on.",
	InvalidProbe:          "An attach point is not written as its probe type wants it.",
	InvalidReturn:         "A probe returns something other than an integer.",
	InvalidSetting:        "A config setting does not exist or can not have that value.",
	InvalidType:           "A type can not be used in that place.",
	LossyConversion:       "An integer is converted, unasked, to a type that does not hold all its values.",
	MapMismatch:           "A map is used with keys of different types.",
	MapShape:              "A map is used both with and without keys.",
	MisplacedAggregation:  "An aggregation is called other than to be assigned to a map.",
	MisplacedJump:         "break or continue stands outside a loop.",
	MissingFeature:        "The kernel lacks something that the script can not do without.",
	MissingParameter:      "A positional parameter is used that was not given.",
	MissingProbe:          "Nothing that can be probed matches an attach point.",
	NotAValue:             "A function, type or range stands where a value is wanted.",
	NothingSelected:       "None of the script's probes runs in the mode that was asked for.",
	Redeclared:            "A name is declared a second time.",
	StringTooLong:         "A constant string is longer than strings can be.",
	TooManyProbes:         "The script would attach to more probes, or compile to more programs, than allowed, or than is good.",
	TypeMismatch:          "Two types meet that have no common type.",
	UnassignedVariable:    "A variable is used before, or without, being assigned to.",
	UndefinedMap:          "A map is read that nothing ever writes.",
	UndefinedVariable:     "A variable is not declared or assigned in this block or around it.",
	UnknownField:          "A struct, record or tuple has no such member.",
	UnknownFunction:       "There is no function of that name.",
	UnknownIdentifier:     "A word is neither a builtin, a macro nor a constant.",
	UnknownOption:         "A named parameter is set that the script does not ask for.",
	UnknownType:           "There is no type of that name.",
	UnnecessaryCast:       "A value is cast to the type that it has.",
	Unreachable:           "A statement can never run.",
	UnresolvedType:        "Nothing tells what type a variable has.",
	UnsafeFunction:        "A function that changes the system is used without --unsafe.",
	UnstableFunction:      "A function that may change is used, and the settings do not enable it.",
	UnusedMap:             "A map is declared and never used.",
	WrongArgument:         "An argument is not what the function takes.",
	WrongArgumentCount:    "A function is called with too few or too many arguments.",
	WrongContext:          "A builtin is used in a probe that does not offer it.",
}
