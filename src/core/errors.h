/*
 * errors.h
 *		SQLSTATE class IT: every condition that the extension raises by itself.
 *
 * The order of the codes is their rank: of several unmet conditions the
 * lowest code is raised, and DETAIL lists all of them.
 */
#ifndef ITSM_ERRORS_H
#define ITSM_ERRORS_H

#define ERRCODE_ITSM_TRANSITION			MAKE_SQLSTATE('I','T','0','0','1')
#define ERRCODE_ITSM_UNKNOWN_STATE		MAKE_SQLSTATE('I','T','0','0','2')
#define ERRCODE_ITSM_INITIAL_STATE		MAKE_SQLSTATE('I','T','0','0','3')
#define ERRCODE_ITSM_REQUIRED			MAKE_SQLSTATE('I','T','0','0','4')
#define ERRCODE_ITSM_RULE				MAKE_SQLSTATE('I','T','0','0','5')
#define ERRCODE_ITSM_ROLE				MAKE_SQLSTATE('I','T','0','0','6')
#define ERRCODE_ITSM_SEPARATION			MAKE_SQLSTATE('I','T','0','0','7')
#define ERRCODE_ITSM_APPROVAL			MAKE_SQLSTATE('I','T','0','0','8')
#define ERRCODE_ITSM_FROZEN				MAKE_SQLSTATE('I','T','0','0','9')
#define ERRCODE_ITSM_DELETE				MAKE_SQLSTATE('I','T','0','1','0')
#define ERRCODE_ITSM_WINDOW				MAKE_SQLSTATE('I','T','0','1','1')
#define ERRCODE_ITSM_CONFLICT			MAKE_SQLSTATE('I','T','0','1','2')
#define ERRCODE_ITSM_RELATED			MAKE_SQLSTATE('I','T','0','1','3')
#define ERRCODE_ITSM_REASON				MAKE_SQLSTATE('I','T','0','1','4')
#define ERRCODE_ITSM_RELATIONSHIP		MAKE_SQLSTATE('I','T','0','2','0')
#define ERRCODE_ITSM_CARDINALITY		MAKE_SQLSTATE('I','T','0','2','1')
#define ERRCODE_ITSM_CYCLE				MAKE_SQLSTATE('I','T','0','2','2')
#define ERRCODE_ITSM_UNAUTHORISED		MAKE_SQLSTATE('I','T','0','3','0')
#define ERRCODE_ITSM_HISTORY			MAKE_SQLSTATE('I','T','0','4','0')
#define ERRCODE_ITSM_VERIFICATION		MAKE_SQLSTATE('I','T','0','4','1')
#define ERRCODE_ITSM_DEFINITION			MAKE_SQLSTATE('I','T','0','5','0')
#define ERRCODE_ITSM_ATTACHMENT			MAKE_SQLSTATE('I','T','0','5','1')
#define ERRCODE_ITSM_ENFORCEMENT		MAKE_SQLSTATE('I','T','0','5','2')

#endif							/* ITSM_ERRORS_H */
