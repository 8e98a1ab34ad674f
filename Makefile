# itsm: build, install and test.  `make help` lists the targets.
#
#   PG_CONFIG  the pg_config of the PostgreSQL to build for (default: the one in PATH)
#   CC         gcc or clang
#   WERROR     -Werror; `make WERROR=` lets warnings pass (new compilers)

EXTENSION  = itsm
EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" itsm.control)

MODULE_big = itsm
OBJS       = $(patsubst %.c,%.o,$(sort $(wildcard src/*/*.c)))

# The install script is these files, in this order: a room after the rooms it uses.
SQL_FILES = \
	src/core/core.sql \
	src/record/record.sql \
	src/record/month_count.sql \
	src/ledger/ledger.sql \
	src/ledger/seal.sql \
	src/ledger/combined_digest.sql \
	src/ledger/archive.sql \
	src/ledger/verify_parts.sql \
	src/ledger/tenant.sql \
	src/lifecycle/lifecycle.sql \
	src/lifecycle/attach.sql \
	src/lifecycle/reference.sql \
	src/lifecycle/refuse.sql \
	src/lifecycle/learn.sql \
	src/lifecycle/guard.sql \
	src/lifecycle/export.sql \
	src/lifecycle/distribute.sql \
	src/service_time/service_time.sql \
	src/service_time/calendar.sql \
	src/service_time/sla.sql \
	src/service_time/clock.sql \
	src/service_time/clock_month.sql \
	src/service_time/availability.sql \
	src/service_time/service_credit.sql \
	src/cmdb/ci_class.sql \
	src/cmdb/relationship_type.sql \
	src/cmdb/relationship.sql \
	src/cmdb/relationship_attach.sql \
	src/cmdb/graph_pack.sql \
	src/cmdb/redundancy.sql \
	src/cmdb/graph.sql \
	src/cmdb/shipped_types.sql \
	src/cmdb/baseline.sql \
	src/cmdb/reconciliation.sql \
	src/cmdb/ci_policy.sql \
	src/practice/record_number.sql \
	src/practice/priority.sql \
	src/practice/run_due.sql \
	src/practice/change_template.sql \
	src/practice/proposal.sql \
	src/practice/change_window.sql \
	src/practice/change_booking.sql \
	src/practice/baseline_check.sql \
	src/practice/authorised_change.sql \
	src/practice/approval.sql \
	src/practice/cab_meeting.sql \
	src/practice/incident.sql \
	src/practice/major_incident.sql \
	src/practice/service_request.sql \
	src/practice/problem.sql \
	src/practice/known_error.sql \
	src/practice/change.sql \
	src/practice/change_task.sql \
	src/practice/release.sql \
	src/practice/deployment.sql \
	src/practice/configuration_item.sql \
	src/practice/document.sql \
	src/practice/risk.sql \
	src/practice/audit.sql \
	src/practice/finding.sql \
	src/practice/corrective_action.sql \
	src/practice/improvement.sql \
	src/practice/complaint.sql \
	src/practice/contract.sql \
	src/practice/continuity_test.sql \
	src/practice/service.sql \
	src/practice/knowledge_article.sql \
	src/practice/register_people.sql \
	src/practice/register_agreement.sql \
	src/practice/register_process.sql \
	src/practice/register_supply.sql \
	src/practice/register_assurance.sql \
	src/practice/register_evaluation.sql \
	src/practice/outage.sql \
	src/practice/state_map.sql \
	src/compliance/clause.sql \
	src/compliance/control.sql \
	src/compliance/compliance_record.sql \
	src/compliance/assessment.sql \
	src/compliance/seen.sql \
	src/compliance/required_information.sql \
	src/practice/affected.sql \
	src/report/report.sql \
	src/report/process_report.sql \
	src/report/sla_report.sql \
	src/report/roll_up.sql \
	src/report/availability_report.sql \
	src/report/service_credit.sql \
	src/report/policy_event.sql \
	src/report/change_report.sql \
	src/report/backlog.sql \
	src/report/change_conflict.sql \
	src/report/relationship.sql \
	src/report/ledger_status.sql \
	src/report/management_report.sql \
	src/report/recovery_objective.sql \
	src/report/reconciliation.sql \
	src/report/cmdb_health.sql \
	src/report/unauthorised_change.sql \
	src/report/rule_statistics.sql \
	src/report/health.sql \
	src/report/baseline.sql \
	src/report/iso20000_control.sql \
	src/compliance/control_source.sql \
	src/compliance/controls_context.sql \
	src/compliance/controls_planning.sql \
	src/compliance/controls_support.sql \
	src/compliance/controls_services.sql \
	src/compliance/controls_parties.sql \
	src/compliance/controls_supply.sql \
	src/compliance/controls_change.sql \
	src/compliance/controls_resolution.sql \
	src/compliance/controls_assurance.sql \
	src/compliance/controls_evaluation.sql \
	src/report/iso20000_assessment.sql \
	src/report/iso20000_register.sql \
	src/report/audit_report.sql \
	src/model/model.sql \
	src/model/part_organisation.sql \
	src/model/part_context.sql \
	src/model/part_service.sql \
	src/model/part_process.sql \
	src/model/part_document.sql \
	src/model/part_competence.sql \
	src/model/part_agreement.sql \
	src/model/part_supplier.sql \
	src/model/part_complaint.sql \
	src/model/part_budget.sql \
	src/model/part_capacity.sql \
	src/model/part_availability.sql \
	src/model/part_continuity.sql \
	src/model/part_security.sql \
	src/model/part_risk.sql \
	src/model/part_improvement.sql \
	src/model/part_audit.sql \
	src/model/part_review.sql \
	src/model/part_configuration.sql \
	src/model/part_incident.sql \
	src/model/part_request.sql \
	src/model/part_problem.sql \
	src/model/part_change.sql \
	src/model/part_release.sql \
	src/model/part_report.sql \
	src/model/model_link.sql \
	src/model/create_model.sql \
	src/report/verification.sql \
	src/report/analyze.sql

DATA_built = itsm--$(EXTVERSION).sql
DATA       = $(sort $(wildcard src/upgrade/itsm--*--*.sql))

# Hidden visibility keeps helpers inside the library (core/compat.h says what is seen).
WERROR     ?= -Werror
PG_CPPFLAGS = -Isrc
# src/ledger/digest.c calls the server's OpenSSL where its headers are at hand.
SHLIB_LINK  = $(if $(shell echo '#include <openssl/evp.h>' | $(CC) -E - 2>/dev/null),$(filter -lcrypto,$(LIBS)))
PG_CFLAGS   = -fvisibility=hidden -MMD -MP -Wall -Wextra -Wno-unused-parameter \
	-Wno-sign-compare -Wno-missing-field-initializers -Wno-declaration-after-statement
# PostgreSQL passes the flags it was built with, which are gcc's on most systems.
ifneq ($(findstring clang,$(CC)),)
PG_CFLAGS  += -Wno-unknown-warning-option -Wno-ignored-optimization-argument \
	-Wno-ignored-attributes -Wno-unused-command-line-argument
endif
PG_CFLAGS  += $(WERROR)
# 15's headers declare callbacks as (), which compilers by themselves take for (void) as of C23.
PG_CFLAGS  += $(if $(filter 15,$(MAJORVERSION)),-std=gnu17)

REGRESS        = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS   = --load-extension=itsm
ISOLATION      = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=itsm \
	$(if $(filter 15,$(MAJORVERSION)),,--expecteddir=test/isolation)

EXTRA_CLEAN = itsm--*.sql bench/*.o bench/*.so bench/*.d bench/*.bc $(OBJS:.o=.d) src/*/*.[do] results/ output_iso/ tmp_check/ \
	regression.diffs regression.out itsm-*.zip itsm-report.*

PG_CONFIG ?= pg_config
CLANG_FORMAT ?= clang-format
export PG_CONFIG

# Real data that some tests use where it is at hand; without it they are skipped by name.
ITSM_DATA ?= $(abspath $(wildcard ../shared/data))
export ITSM_DATA

# No JIT bitcode: it only costs build time here.  Headers are tracked by -MMD above.
override with_llvm  = no
override autodepend = no

.DEFAULT_GOAL = all
.DELETE_ON_ERROR:

PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)

include $(PGXS)
-include $(OBJS:.o=.d)

$(OBJS): Makefile

$(DATA_built): $(SQL_FILES) itsm.control Makefile
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION itsm" to load this file. \quit' && \
	for file in $(SQL_FILES); do \
		printf '\n-- %s\n\n' "$$file" && cat "$$file" || exit 1; \
	done; } > $@
	@echo "assembled $@"

# PGXS makes every file an intermediate one, whose absence make would not mind.
missing := $(filter-out $(wildcard $(SQL_FILES)),$(SQL_FILES))
ifneq ($(missing),)
.PHONY: missing-sql
$(DATA_built): missing-sql
missing-sql:
	@echo 'missing, but listed in SQL_FILES: $(missing)' >&2
	@exit 1
endif

# PGXS has a recipe for `check` that only says it cannot; keep that recipe quiet.
check: private SHELL := /bin/true

else # no PostgreSQL to build for

all install uninstall installcheck:
	@echo 'PostgreSQL server development files were not found (PG_CONFIG=$(PG_CONFIG)).' >&2
	@echo 'Install them (Debian: postgresql-server-dev-NN), set PG_CONFIG, or run "make test", which does it.' >&2
	@exit 1

clean:
	rm -rf $(EXTRA_CLEAN) itsm.so

endif

SUITES = exports unit regress pgtap isolation tap locale

.PHONY: help test demo check check-all bench dist format valgrind $(addprefix check-,$(SUITES)) check-valgrind check-asan check-coverage check-discard check-sqlsmith check-load check-clocks check-upgrade soak fuzz lint matrix

help:
	@echo 'For a fresh Debian machine (these install what is missing, with sudo if needed):'
	@echo '  make demo             a service desk, and three years of a provider; writes itsm-report.html'
	@echo '  make test             the whole test suite'
	@echo 'For a DBA:'
	@echo '  make                  build (PG_CONFIG=/path/to/pg_config chooses the PostgreSQL)'
	@echo '  make install          install into that PostgreSQL'
	@echo '  make installcheck     regression and isolation tests against a running server'
	@echo '  make uninstall        remove the installed files'
	@echo 'For developers (private temporary clusters, nothing is installed):'
	@echo '  make check            every suite below but valgrind; ends with "N passed, M failed"'
	@echo '  make check-exports    every exported symbol starts with itsm_'
	@echo '  make check-unit       C unit tests without a server (test/unit)'
	@echo '  make check-regress    pg_regress (sql, expected)'
	@echo '  make check-pgtap      pgTAP (test/pgtap)'
	@echo '  make check-isolation  concurrent sessions (test/isolation)'
	@echo '  make check-tap        dump, upgrade, replica, crash (test/t)'
	@echo '  make check-locale     the regression tests under other settings, collation and search_path'
	@echo '  make check-valgrind   the regression tests under valgrind (slow)'
	@echo '  make check-asan       the regression tests with the library under the address and undefined-behaviour sanitizers'
	@echo '  make check-coverage   which errors and messages no regression or pgTAP test reaches (test/ereport_sites.txt)'
	@echo '  make check-discard    the regression tests while sessions keep nothing of the catalogs (a server with assertions; very slow)'
	@echo '  make check-sqlsmith   random statements of sqlsmith as an ordinary role and as the superuser (SQLSMITH_SECONDS, SQLSMITH_SEED)'
	@echo '  make fuzz             parsers, arithmetic, proofs and definitions fed at random (FUZZ_SECONDS=60 each; needs clang)'
	@echo '  make lint             clang-tidy and cppcheck'
	@echo '  make check-load       the load model of check-tap, for 200,000 writes (ITSM_LOAD_OPERATIONS, ITSM_LOAD_SEED)'
	@echo '  make check-clocks     the clock model of check-tap, for 100,000 records (ITSM_CLOCK_RECORDS, ITSM_CLOCK_SEED)'
	@echo '  make soak             16 clients, and others who disturb and kill, for 10 minutes (SOAK_MINUTES, SOAK_CLIENTS, SOAK_SEED)'
	@echo '                        TESTS="a b" names the tests to run'
	@echo '  make matrix           make test in fresh Debian folders with PostgreSQL 15, 17 and 18 (root, debootstrap)'
	@echo '  make check-upgrade    pg_upgrade from 15 to 17 and on to 18, in a Debian folder with all three (root, debootstrap)'
	@echo '  make bench            measure (bench/run)'
	@echo '  make format           clang-format the C sources'
	@echo '  make dist             itsm-$(EXTVERSION).zip for PGXN, from HEAD'
	@echo '  make clean            remove everything built'

test:
	@PG_CONFIG='$(if $(filter file,$(origin PG_CONFIG)),,$(PG_CONFIG))' test/install_dependencies --drivers test/run $(SUITES)

demo:
	@PG_CONFIG='$(if $(filter file,$(origin PG_CONFIG)),,$(PG_CONFIG))' test/install_dependencies demo/run

check: check-all

check-all:
	@test/run $(SUITES)

$(addprefix check-,$(SUITES)) check-valgrind check-asan check-coverage check-discard: check-%:
	@test/run $*

check-load:
	@ITSM_LOAD_OPERATIONS=$${ITSM_LOAD_OPERATIONS:-200000} TESTS=test/t/060_load_model.pl test/run tap

check-clocks:
	@ITSM_CLOCK_RECORDS=$${ITSM_CLOCK_RECORDS:-100000} TESTS=test/t/081_clock_model.pl test/run tap

soak:
	@TESTS=test/soak/soak.pl test/run tap

fuzz:
	@test/fuzz/run

check-sqlsmith:
	@test/sqlsmith/run

lint:
	@test/lint

matrix:
	@test/matrix

check-upgrade:
	@MATRIX_DIRECTORY=$${MATRIX_DIRECTORY:-/var/tmp/itsm-upgrade} MATRIX_COMMAND=test/upgrade test/matrix forky

bench:
	@bench/run

format:
	$(CLANG_FORMAT) -i $(sort $(wildcard src/*/*.[ch] test/unit/*.[ch]))

dist:
	git archive --format=zip --prefix=itsm-$(EXTVERSION)/ -o itsm-$(EXTVERSION).zip HEAD
