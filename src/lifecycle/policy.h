/*
 * policy.h
 *		Everything that judging a table's rows needs, built once and cached.
 *
 * A policy belongs to one relation (a leaf partition has its own).  It holds
 * the attachments that govern the relation's rows; an attachment has one unit
 * per lifecycle version in use.
 *
 * A policy is pinned by a client statement: the same one serves until the
 * statement ends, this session changes a policy itself or alters the
 * relation's columns, or a subtransaction aborts.  A policy that is no longer
 * valid is retired, and freed by the first look-up in a later transaction; so
 * one in use is never freed.
 */
#ifndef ITSM_POLICY_H
#define ITSM_POLICY_H

#include "executor/execdesc.h"
#include "lifecycle/definition.h"
#include "lifecycle/rule_counter.h"
#include "lifecycle/rule_kind.h"
#include "utils/plancache.h"
#include "utils/rel.h"

/* An expression over a row, or over canonical tuples. */
typedef struct BoundExpression
{
	CachedExpression *cached;
	bool		guarded;		/* runs as the table's owner: not only immutable built-in functions */
	bool		reads_status;
	bool		immutable;		/* its value follows from the row alone */
} BoundExpression;

typedef struct AttributeBinding
{
	bool		mapped;
	AttrNumber	column;			/* the value is this column as it is; 0: the expression's */
	BoundExpression expression;
	AttrNumber	error_column;	/* column that an error about it names; 0: none */
	int			number;			/* in the source's dictionary */
	int			projected_number;	/* index into the projection's numbers; -1: none */
	int			projected_text; /* index into its texts; -1: none */
	int			milestone;		/* mapped milestone attribute (opened_at, …); -1: none */
} AttributeBinding;

typedef struct StatusValue
{
	const char *value;
	int			length;
	int			state;			/* ITSM_NO_STATE: that state is not in this version */
} StatusValue;

/*
 * A status value of an attachment's map as its column's values are compared; of
 * a boolean any word for it will do.  NULL: no such column holds it.
 */
extern const char *itsm_status_value(Oid type, const char *text);

/* What is judged without a rule of the definition; named like rules in set_mode. */
typedef enum BuiltinRule
{
	BUILTIN_STATUS,				/* the status maps to a state */
	BUILTIN_INITIAL,			/* a record begins in an initial state */
	BUILTIN_TRANSITION,			/* a move is in the lifecycle */
	BUILTIN_DELETE,				/* the lifecycle lets the row be deleted */
	BUILTIN_TRUNCATE,			/* governed tables are not truncated */
	BUILTIN_COUNT
} BuiltinRule;

extern const char *const itsm_builtin_rules[BUILTIN_COUNT];

typedef struct ListenedUnit
{
	void	   *data;
	int			first_check;	/* of its checks in the unit's */
} ListenedUnit;

/* A version of a lifecycle, bound to an attachment's columns. */
typedef struct Unit
{
	struct PolicyAttachment *attachment;
	int			version;
	Definition *definition;
	int			value_count;
	StatusValue *values;		/* sorted by bytes */
	AttributeBinding *attributes;
	bool	   *mapped;			/* per attribute */
	int			actor_attribute;	/* number of a mapped attribute "actor"; -1: none */
	int			group_attribute;	/* what a reassignment is counted by; -1: none */
	TupleDesc	canonical;		/* the attributes, then the actor */
	int			check_count;
	BoundExpression *checks;	/* per rule, per rule's "when", listeners'; cached is NULL where there is none */
	JudgeMode  *own_modes;		/* per rule: its own, or set for it in this attachment */
	JudgeMode  *rule_modes;		/* per rule: what holds under the attachment's mode */
	RuleCounter **rule_counters;	/* per rule */
	bool		reads_actor;	/* some check does */
	bool		looks_back;		/* some rule asks for the record's past */
	bool		compares;		/* some rule asks for the row as written */
	bool		looks_around;	/* some rule asks whose row it is */
	bool		judges_deletion;	/* some rule judges the end of a row */
	uint32		listeners;		/* bit i: itsm_event_listeners[i] hears of its records (event_listener.h) */
	struct ListenedUnit *listened;	/* per listener: what it made of the unit; NULL: none does */
	int			number;			/* among the policy's units */
} Unit;

typedef struct TrackedColumn
{
	AttrNumber	column;
	int			number;			/* in the source's dictionary */
} TrackedColumn;

typedef struct PolicyAttachment
{
	struct Policy *policy;
	int			number;			/* among the policy's attachments */
	int			id;
	int			source;
	char	   *lifecycle;
	JudgeMode	mode;
	bool		deferred;		/* judged at the end of the transaction */
	bool		notify;			/* itsm_event is notified of its events */
	JudgeMode	builtin_modes[BUILTIN_COUNT];
	RuleCounter *builtin_counters[BUILTIN_COUNT];
	AttrNumber	status;
	Oid			status_type;
	BoundExpression filter;		/* cached NULL: all rows */
	BoundExpression tenant;		/* cached NULL: the one default tenant */
	int			key_count;
	AttrNumber *key;
	int			tracked_count;
	TrackedColumn *tracked;
	Unit	   *current;		/* of the lifecycle's current version */
	List	   *older;			/* Unit of other versions, as they are asked for */
} PolicyAttachment;

typedef struct Policy
{
	Oid			relation;
	Oid			owner;			/* of the table: whose rights expressions have */
	TupleDesc	descriptor;		/* of the relation as it was */
	MemoryContext context;
	bool		stale;			/* marked by invalidation */
	bool		attached;		/* also when no attachment is complete */
	List	   *misfits;		/* what attachments that do not enforce no longer fit, as texts */
	bool		numberless;		/* some value has no number yet: good for a statement on a standby */
	List	   *persons;		/* OIDs of roles that one person uses alone */
	int			count;
	PolicyAttachment **attachments; /* by id */
	int			unit_count;
	int			watched_count;
	AttrNumber *watched;		/* columns whose change matters to any attachment */
	uint64		generation;		/* of the configuration that it was built from */
	struct PolicyState *state;	/* executor state of the transaction state_lxid; see evaluate.c */
	LocalTransactionId state_lxid;
	LocalTransactionId retired_in;
	struct Policy *next_retired;
} Policy;

/*
 * The policy of a relation, pinned; never NULL (count 0: not attached).  The
 * caller has the relation open.
 */
extern Policy *itsm_policy_get(Relation relation);

/* As above for the triggers; ERRCODE_ITSM_ATTACHMENT when nothing is attached. */
extern Policy *itsm_policy_require(Relation relation);

/* The unit for a version; builds and keeps it when it is not the current one. */
extern Unit *itsm_policy_unit(Policy *policy, Relation relation, PolicyAttachment *attachment,
							  int version);

/* The attachment with that number in the policy; NULL when there is none. */
extern PolicyAttachment *itsm_policy_attachment(Policy *policy, int id);
/* ERROR when the attachment does not govern because something that it names is gone. */
extern PolicyAttachment *itsm_policy_fitting(Policy *policy, int id, Relation relation);

/* Unpins: this session's next look-up sees its own changes. */
extern void itsm_policy_unpin(void);

/* Tells all sessions (at commit) and this one (at once) that policies changed. */
extern void itsm_policy_changed(void);

/*
 * Changes whenever policies have to be looked up again: a caller that keeps a
 * policy with this number may go on using it while the number is the same.
 */
extern uint64 itsm_policy_pin(void);

/*
 * Moves with every change of the configuration that this session can know of:
 * what was read under this number is as it was read.  Takes about as long as a
 * look at a message queue that is mostly empty.
 */
extern uint64 itsm_policy_generation(void);

/* Builds without the cache, for attach to report its faults (Unmet of code IT051). */
extern Policy *itsm_policy_build(Relation relation, List **faults);

/*
 * Faults (Unmet) of an attachment that no longer fits its table: an error (IT051) where it
 * enforces; otherwise the application goes on, and they are kept in the policy, in the current
 * context, for itsm_policy_warn.
 */
struct AttachmentRow;
extern void itsm_policy_report(Policy *policy, const struct AttachmentRow *row, List *faults);

/* A WARNING (IT051) for each fault kept; apart from building, which may have to be repeated. */
extern void itsm_policy_warn(const Policy *policy);

/* What the attachment names that is not there any more, in words; NULL: nothing. */
extern char *itsm_policy_misfit(Relation relation, const struct AttachmentRow *row);

/* The relation and those it is a partition, child or shard of, nearest first. */
extern List *itsm_policy_ancestors(Oid relation);

#endif							/* ITSM_POLICY_H */
