/** The tasks of the TypeScript worker. The sleeps stand for slow shops and slow printers. */
import { setTimeout as sleep } from "node:timers/promises";
import { type App, createApp } from "celerity";

export const app: App = createApp({ taskRoutes: { "books.*": "books", "shop.*": "shop" } });

interface Orders {
  readonly count: number;
  readonly revenue: number;
}
type Costs = Readonly<Record<string, number>>;

app.task("shop.orders", async (_month: string): Promise<Orders> => {
  await sleep(500);
  return { count: 128, revenue: 4210.5 };
});

app.task("shop.visits", async (_month: string): Promise<number> => {
  await sleep(500);
  return 9214;
});

/** The body of the chord: it begins when all figures are there, and tells what it is at. */
app.task(
  "shop.render",
  { bind: true },
  async (self, [orders, visits, costs]: readonly [Orders, number, Costs], month: string): Promise<string> => {
    const total = Object.values(costs).reduce((sum, cost) => sum + cost, 0);
    const rows: readonly (readonly [label: string, value: string])[] = [
      ["visits", visits.toLocaleString("en")],
      ["orders", orders.count.toLocaleString("en")],
      ["revenue", euros(orders.revenue)],
      ["costs", euros(total)],
      ["profit", euros(orders.revenue - total)],
    ];
    const lines = [`Report for ${month}`];
    for (const [label, value] of rows) {
      await self.updateState("PROGRESS", { row: label });
      await sleep(300);
      lines.push(label.padEnd(10) + value.padStart(10));
    }
    return `${lines.join("\n")}\n`;
  },
);

function euros(amount: number): string {
  return amount.toLocaleString("en", { style: "currency", currency: "EUR" });
}
