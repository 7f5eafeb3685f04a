"""Calls a task many times at once."""

import asyncio

from celerity_client import AsyncClient


async def main():
    async with AsyncClient.from_env() as client:
        calls = [client.call("examples.add", [number, number], timeout=60) for number in range(100)]
        print(sum(await asyncio.gather(*calls)))


asyncio.run(main())
