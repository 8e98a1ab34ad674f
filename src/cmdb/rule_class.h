/*
 * rule_class.h
 *		The rule kind "class".
 */
#ifndef ITSM_RULE_CLASS_H
#define ITSM_RULE_CLASS_H

#include "lifecycle/rule_kind.h"

extern const RuleKind itsm_rule_class;

#endif							/* ITSM_RULE_CLASS_H */
