import type { ComponentChildren, JSX } from "preact";

/** A column of a table of `Row`s. */
export interface Column<Row> {
  readonly title: string;
  readonly render: (row: Row) => ComponentChildren;
  /** Numbers stand at the end of their cell. */
  readonly isNumber?: boolean;
  /** What the row is called: on a phone, the card's first line. Give it to one column. */
  readonly isName?: boolean;
  /** Buttons: they stay in one line, and take a card's last line on phones. */
  readonly isActions?: boolean;
  /** Not on phones. */
  readonly isExtra?: boolean;
}

/** A table for up to some hundred rows; on a phone each row is a card. For more, see VirtualList. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}): JSX.Element {
  // The roles are said because phones draw the table as a grid, of which screen readers would make nothing.
  return (
    <div class="table-place">
      <table role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.title} scope="col" role="columnheader" class={classOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row">
              {columns.map((column) => (
                <td key={column.title} role="cell" class={classOf(column)} data-label={column.title}>
                  {column.render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<Row>({ isNumber, isName, isActions, isExtra }: Column<Row>): string {
  return [isNumber && "number", isName && "name", isActions && "row-actions", isExtra && "extra"]
    .filter(Boolean)
    .join(" ");
}
