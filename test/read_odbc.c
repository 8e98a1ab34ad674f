/*
 * read_odbc.c
 *		Reads all views of a schema through ODBC, as a BI tool does, and prints what
 *		comes through:
 *
 *		view	name	remarks
 *		column	view	name	type	remarks		(type: the driver's number)
 *		row	view	value	...
 *		answer	value	...				(to a query of one's own)
 *
 * Values are fetched by the types that the driver tells, and written as COPY writes
 * them.  Arguments: a connection string, the schema, a query.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#define MAX_VIEWS 1000
#define MAX_COLUMNS 1600
#define NAME_LENGTH 200

static SQLHDBC connection;

static void
fail(const char *what, SQLSMALLINT kind, SQLHANDLE handle)
{
	SQLCHAR		state[6] = "";
	SQLCHAR		message[1000] = "";
	SQLINTEGER	number;

	SQLGetDiagRec(kind, handle, 1, state, &number, message, sizeof(message), NULL);
	fprintf(stderr, "%s: %s %s\n", what, state, message);
	exit(1);
}

static void
check(SQLRETURN status, const char *what, SQLHSTMT statement)
{
	if (!SQL_SUCCEEDED(status))
		fail(what, SQL_HANDLE_STMT, statement);
}

static SQLHSTMT
new_statement(void)
{
	SQLHSTMT	statement;

	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement)))
		fail("statement", SQL_HANDLE_DBC, connection);
	return statement;
}

/* As COPY escapes it. */
static void
put_code_point(uint32_t c)
{
	if (c == '\t' || c == '\n' || c == '\r' || c == '\\')
		printf("\\%c", c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\\');
	else if (c < 0x80)
		putchar((int) c);
	else if (c < 0x800)
		printf("%c%c", 0xC0 | c >> 6, 0x80 | (c & 0x3F));
	else if (c < 0x10000)
		printf("%c%c%c", 0xE0 | c >> 12, 0x80 | (c >> 6 & 0x3F), 0x80 | (c & 0x3F));
	else
		printf("%c%c%c%c", 0xF0 | c >> 18, 0x80 | (c >> 12 & 0x3F), 0x80 | (c >> 6 & 0x3F), 0x80 | (c & 0x3F));
}

/* A text comes in pieces of UTF-16, which may part a pair of surrogates. */
static void
put_text(SQLHSTMT statement, SQLUSMALLINT column)
{
	SQLWCHAR	piece[4096];
	SQLLEN		length;
	SQLRETURN	status;
	uint32_t	high = 0;

	while ((status = SQLGetData(statement, column, SQL_C_WCHAR, piece, sizeof(piece), &length)) != SQL_NO_DATA)
	{
		check(status, "value", statement);
		if (length == SQL_NULL_DATA)
		{
			printf("\\N");
			return;
		}
		for (int i = 0; piece[i] != 0 && i < (int) (sizeof(piece) / sizeof(piece[0])); i++)
		{
			uint32_t	unit = piece[i];

			if (unit >= 0xD800 && unit < 0xDC00)
				high = unit;
			else if (unit >= 0xDC00 && unit < 0xE000)
				put_code_point(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
			else
				put_code_point(unit);
		}
		if (status == SQL_SUCCESS)
			return;
	}
}

static void
put_timestamp(const SQL_TIMESTAMP_STRUCT *at)
{
	printf("%04d-%02d-%02d %02d:%02d:%02d", at->year, at->month, at->day, at->hour, at->minute, at->second);
	if (at->fraction != 0)
	{
		char		digits[10];
		int			length = 6;

		snprintf(digits, sizeof(digits), "%06u", (unsigned) at->fraction / 1000);
		while (length > 1 && digits[length - 1] == '0')
			length--;
		printf(".%.*s", length, digits);
	}
	printf("+00");
}

static void
put_value(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type)
{
	union
	{
		SQLBIGINT	number;
		unsigned char bit;
		SQL_TIMESTAMP_STRUCT at;
	}			value;
	SQLSMALLINT fetched_as = type == SQL_BIGINT ? SQL_C_SBIGINT : type == SQL_BIT ? SQL_C_BIT : SQL_C_TYPE_TIMESTAMP;
	SQLLEN		length;

	putchar('\t');
	if (type != SQL_BIGINT && type != SQL_BIT && type != SQL_TYPE_TIMESTAMP)
	{
		put_text(statement, column);
		return;
	}
	check(SQLGetData(statement, column, fetched_as, &value, sizeof(value), &length), "value", statement);
	if (length == SQL_NULL_DATA)
		printf("\\N");
	else if (type == SQL_BIGINT)
		printf("%lld", (long long) value.number);
	else if (type == SQL_BIT)
		putchar(value.bit ? 't' : 'f');
	else
		put_timestamp(&value.at);
}

static void
print_views(SQLCHAR *schema, char (*names)[NAME_LENGTH], int *count)
{
	SQLHSTMT	statement = new_statement();

	check(SQLTables(statement, NULL, 0, schema, SQL_NTS, (SQLCHAR *) "%", SQL_NTS, (SQLCHAR *) "VIEW", SQL_NTS), "tables", statement);
	for (*count = 0; *count < MAX_VIEWS && SQL_SUCCEEDED(SQLFetch(statement)); (*count)++)
	{
		check(SQLGetData(statement, 3, SQL_C_CHAR, names[*count], NAME_LENGTH, NULL), "name of a view", statement);
		printf("view\t%s\t", names[*count]);
		put_text(statement, 5);
		putchar('\n');
	}
	SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void
print_columns(SQLCHAR *schema)
{
	SQLHSTMT	statement = new_statement();

	check(SQLColumns(statement, NULL, 0, schema, SQL_NTS, (SQLCHAR *) "%", SQL_NTS, (SQLCHAR *) "%", SQL_NTS), "columns", statement);
	while (SQL_SUCCEEDED(SQLFetch(statement)))
	{
		printf("column\t");
		put_text(statement, 3);
		putchar('\t');
		put_text(statement, 4);
		putchar('\t');
		put_text(statement, 5);
		putchar('\t');
		put_text(statement, 12);
		putchar('\n');
	}
	SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void
print_rows(const char *begin, const char *query)
{
	SQLHSTMT	statement = new_statement();
	SQLSMALLINT types[MAX_COLUMNS];
	SQLSMALLINT columns;

	check(SQLExecDirect(statement, (SQLCHAR *) query, SQL_NTS), query, statement);
	check(SQLNumResultCols(statement, &columns), query, statement);
	for (SQLUSMALLINT i = 0; i < columns; i++)
		check(SQLDescribeCol(statement, i + 1, NULL, 0, NULL, &types[i], NULL, NULL, NULL), query, statement);
	while (SQL_SUCCEEDED(SQLFetch(statement)))
	{
		printf("%s", begin);
		for (SQLUSMALLINT i = 0; i < columns; i++)
			put_value(statement, i + 1, types[i]);
		putchar('\n');
	}
	SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

int
main(int count, char **arguments)
{
	static char names[MAX_VIEWS][NAME_LENGTH];
	SQLHENV		environment;
	int			views;
	char		begin[NAME_LENGTH + 10];
	char		query[2 * NAME_LENGTH + 20];

	if (count != 4)
		return 2;
	SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
	SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER) SQL_OV_ODBC3, 0);
	SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
	if (!SQL_SUCCEEDED(SQLDriverConnect(connection, NULL, (SQLCHAR *) arguments[1], SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT)))
		fail("connect", SQL_HANDLE_DBC, connection);
	print_views((SQLCHAR *) arguments[2], names, &views);
	print_columns((SQLCHAR *) arguments[2]);
	for (int i = 0; i < views; i++)
	{
		snprintf(begin, sizeof(begin), "row\t%s", names[i]);
		snprintf(query, sizeof(query), "SELECT * FROM %s.%s", arguments[2], names[i]);
		print_rows(begin, query);
	}
	print_rows("answer", arguments[3]);
	SQLDisconnect(connection);
	SQLFreeHandle(SQL_HANDLE_DBC, connection);
	SQLFreeHandle(SQL_HANDLE_ENV, environment);
	return 0;
}
