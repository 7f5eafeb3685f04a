"""The tasks of the Python worker. The sleeps stand for slow shops and slow printers."""

from time import sleep

from celery import Celery

app = Celery("reports")


@app.task(name="reports.orders")
def orders(month):
    sleep(0.5)
    return {"count": 128, "revenue": 4210.5}


@app.task(name="reports.costs")
def costs(month):
    if month < "2026-01":
        raise ValueError("the books begin in 2026")
    return {"salaries": 2400.0, "rent": 490.0}


@app.task(name="reports.render", bind=True)
def render(self, figures, month):
    """The body of the chord: it begins when all figures are there, and tells what it is at."""
    sold, spent = figures
    total = sum(spent.values())
    rows = {
        "orders": f"{sold['count']:,}",
        "revenue": f"€{sold['revenue']:,.2f}",
        "costs": f"€{total:,.2f}",
        "profit": f"€{sold['revenue'] - total:,.2f}",
    }
    lines = [f"Report for {month}"]
    for label, value in rows.items():
        self.update_state(state="PROGRESS", meta={"row": label})
        sleep(0.3)
        lines.append(f"{label:<10}{value:>10}")
    return "\n".join(lines) + "\n"
