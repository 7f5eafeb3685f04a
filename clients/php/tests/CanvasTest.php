<?php

declare(strict_types=1);

namespace Celerity\Tests;

use Celerity\Call;
use Celerity\CallOptions;
use Celerity\Canvas;
use Celerity\Dedupe;
use Celerity\Internal\Json;

return [
    'canvases are written as the gateway reads them' => static function (): void {
        $canvas = Canvas::chord(
            [
                Canvas::chain(new Call('t', [1]), Canvas::task('t', [2])),
                Canvas::group(new Call('t', [3], options: new CallOptions('q'))),
            ],
            new Call('t', kwargs: ['n' => 4], immutable: true),
        );
        same(
            '{"chord":{"header":[{"chain":[{"task":"t","args":[1],"options":{}},{"task":"t","args":[2],"options":{}}]},'
            . '{"group":[{"task":"t","args":[3],"options":{"queue":"q"}}]}],'
            . '"body":{"task":"t","kwargs":{"n":4},"immutable":true,"options":{}}}}',
            Json::encode($canvas),
        );
    },
    'a request holds what was given' => static function (): void {
        $options = new CallOptions(
            eta: new \DateTimeImmutable('2030-01-02T03:04:05Z'),
            priority: 0,
            tags: ['a'],
            dedupe: new Dedupe('k'),
            idempotencyKey: 'i',
        );
        same(
            '{"task":"t","args":[1.0],"eta":"2030-01-02T03:04:05.000+00:00","priority":0,"tags":["a"],'
            . '"dedupe":{"key":"k","window":600,"mode":"return"},"idempotency_key":"i"}',
            Json::encode((new Call('t', [1.0], options: $options))->toBatchItem()),
        );
    },
    'arguments without a JSON form are refused' => static function (): void {
        thrown(\InvalidArgumentException::class, static fn () => Json::encode((new Call('t', [NAN]))->toRequest()));
    },
    'large numbers keep their digits' => static function (): void {
        same(['1180591620717411303424', 5], Json::decode('[1180591620717411303424, 5]'));
    },
];
