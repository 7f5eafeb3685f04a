<?php

declare(strict_types=1);

namespace Celerity\Tests;

use Celerity\Client;
use Celerity\ClientOptions;
use Celerity\Event;
use Celerity\Internal\EventParser;
use Celerity\Retry;

$parse = static fn (string $text): array => iterator_to_array((new EventParser())->push($text), false);
$members = static fn (Event $event): array => [$event->event, $event->id, $event->data];

return [
    'fields make an event' => static function () use ($parse, $members): void {
        $text = "retry: 2000\n\nid: 1\nevent: state\ndata: {\"a\":1}\n\n: heartbeat\n\nid: 2\ndata:x\n\n";
        same([['state', '1', '{"a":1}'], ['message', '2', 'x']], array_map($members, $parse($text)));
    },
    'lines end in three ways and data may have several' => static function () use ($parse, $members): void {
        foreach (["\n", "\r\n", "\r"] as $end) {
            $text = implode($end, ["\u{feff}data: one", 'data: two', 'data', '', 'data: unfinished']);
            same([['message', null, "one\ntwo\n"]], array_map($members, $parse($text)));
        }
    },
    'bytes may come one by one' => static function () use ($members): void {
        $parser = new EventParser();
        $events = [];
        foreach (str_split("id: 7\r\nevent: progress\r\ndata: Zoë\r\n\r\n") as $byte) {
            array_push($events, ...$parser->push($byte));
        }
        same([['progress', '7', 'Zoë']], array_map($members, $events));
    },
    'a stream goes on after a cut' => static function () use ($members): void {
        $transport = new FakeTransport([
            [200, "id: 3\nevent: progress\ndata: 1\n\nid: 4\nevent: progress\ndata: hal"],
            [200, "id: 4\nevent: result\ndata: {}\n\nid: 9\nevent: end\ndata: {}\n\n"],
        ]);
        $client = new Client(options: new ClientOptions(retry: new Retry(firstDelay: 0.0), transport: $transport));
        $events = iterator_to_array($client->task('a b')->events(), false);
        same([['progress', '3', '1'], ['result', '4', '{}']], array_map($members, $events));
        same('http://127.0.0.1:8420/v1/tasks/a%20b/events', $transport->requests[1]->url);
        same([null, '3'], array_map(static fn ($request) => $request->headers['Last-Event-ID'] ?? null, $transport->requests));
    },
    'a stream that has ended stays so' => static function (): void {
        $client = new Client(options: new ClientOptions(transport: new FakeTransport([[204, '']])));
        same([], iterator_to_array($client->task('a')->events(), false));
    },
];
