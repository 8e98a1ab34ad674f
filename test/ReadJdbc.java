// Reads all views of a schema through JDBC, as a BI tool does, and prints what comes through:
//
//	view	name	remarks
//	column	view	name	type	remarks		(type: of java.sql.Types)
//	row	view	value	...
//	answer	value	...				(to a query of one's own)
//
// Values are fetched by the types that the driver tells, and written as COPY writes them.
// Arguments: a URL, the schema, a query.

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

public class ReadJdbc {
	private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
	private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

	private static String escaped(String text) {
		return text == null ? "\\N"
			: text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r");
	}

	private static String timestamp(OffsetDateTime at) {
		OffsetDateTime utc = at.withOffsetSameInstant(ZoneOffset.UTC);
		String fraction = String.format(".%06d", utc.getNano() / 1000).replaceAll("\\.?0+$", "");
		return utc.format(SECONDS) + fraction + "+00";
	}

	private static String value(ResultSet row, int column, int type) throws SQLException {
		if (row.getObject(column) == null) {
			return "\\N";
		}
		switch (type) {
			case Types.BIGINT:
				return Long.toString(row.getLong(column));
			case Types.NUMERIC:
				return row.getBigDecimal(column).toPlainString();
			case Types.BIT:
				return row.getBoolean(column) ? "t" : "f";
			case Types.TIMESTAMP:
				return timestamp(row.getObject(column, OffsetDateTime.class));
			default:
				return escaped(row.getString(column));
		}
	}

	private static List<String> printViews(DatabaseMetaData data, String schema) throws SQLException {
		List<String> names = new ArrayList<>();
		try (ResultSet view = data.getTables(null, schema, "%", new String[] {"VIEW"})) {
			while (view.next()) {
				names.add(view.getString("TABLE_NAME"));
				OUT.println("view\t" + view.getString("TABLE_NAME") + "\t" + escaped(view.getString("REMARKS")));
			}
		}
		return names;
	}

	private static void printColumns(DatabaseMetaData data, String schema) throws SQLException {
		try (ResultSet column = data.getColumns(null, schema, "%", "%")) {
			while (column.next()) {
				OUT.println("column\t" + column.getString("TABLE_NAME") + "\t" + column.getString("COLUMN_NAME") + "\t"
					+ column.getInt("DATA_TYPE") + "\t" + escaped(column.getString("REMARKS")));
			}
		}
	}

	private static void printRows(Connection connection, String begin, String query) throws SQLException {
		try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(query)) {
			int columns = row.getMetaData().getColumnCount();
			while (row.next()) {
				StringBuilder line = new StringBuilder(begin);
				for (int i = 1; i <= columns; i++) {
					line.append('\t').append(value(row, i, row.getMetaData().getColumnType(i)));
				}
				OUT.println(line);
			}
		}
	}

	public static void main(String[] arguments) throws SQLException {
		try (Connection connection = DriverManager.getConnection(arguments[0])) {
			List<String> views = printViews(connection.getMetaData(), arguments[1]);
			printColumns(connection.getMetaData(), arguments[1]);
			for (String view : views) {
				printRows(connection, "row\t" + view, "SELECT * FROM " + arguments[1] + "." + view);
			}
			printRows(connection, "answer", arguments[2]);
		}
		OUT.flush();
	}
}
