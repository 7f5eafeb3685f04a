<?php

declare(strict_types=1);

namespace Celerity\Tests;

use Celerity\Exception\WebhookException;
use Celerity\Webhook;
use Celerity\WebhookEvent;
use Celerity\WebhookFailure;

/** The example of the Standard Webhooks libraries, except that its body is no event. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const TIME = 1_614_265_330;
const EXAMPLE = ['msg_p5jXN8AQM9LWM0D4loKWxJek', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', '{"test": 2432232314}'];
const BODY = '{"type":"celery.task.succeeded","data":{"id":"a","state":"SUCCESS","result":5}}';

$sign = static fn (string $secret): string => 'v1,' . base64_encode(
    hash_hmac('sha256', 'msg_1.' . TIME . '.' . BODY, (string) base64_decode(substr($secret, 6), true), true),
);
$headers = static fn (string $id, string $signature): array => [
    'Webhook-Id' => $id,
    'WEBHOOK-TIMESTAMP' => (string) TIME,
    'webhook-signature' => [$signature],
];
$verify = static fn (string|array $secrets, string $signature, string $body = BODY, int $later = 0): WebhookEvent =>
    Webhook::verify($body, $headers('msg_1', $signature), $secrets, TIME + $later);
$reason = static fn (\Closure $verify): WebhookFailure => thrown(WebhookException::class, $verify)->reason;

return [
    'the published example is signed' => static function () use ($headers, $reason): void {
        [$id, $signature, $body] = EXAMPLE;
        $given = $headers($id, $signature);
        same(WebhookFailure::BadBody, $reason(static fn () => Webhook::verify($body, $given, SECRET, TIME)));
        same(WebhookFailure::BadSignature, $reason(static fn () => Webhook::verify('{}', $given, SECRET, TIME)));
    },
    'an event is read' => static function () use ($verify, $sign): void {
        $event = $verify(SECRET, $sign(SECRET));
        same(['msg_1', 'celery.task.succeeded', 5], [$event->id, $event->type, $event->task()->result()]);
        same(TIME, $event->timestamp->getTimestamp());
    },
    'any secret and any signature will do' => static function () use ($verify, $sign, $reason): void {
        $verify(SECRET, "v1a,xyz {$sign(OTHER)} {$sign(SECRET)}");
        $verify([OTHER, SECRET], $sign(SECRET));
        same(WebhookFailure::BadSignature, $reason(static fn () => $verify(OTHER, $sign(SECRET))));
        same(WebhookFailure::BadHeader, $reason(static fn () => $verify(SECRET, str_repeat('v1,x ', 20) . $sign(SECRET))));
    },
    'old and early webhooks are refused' => static function () use ($verify, $sign, $reason): void {
        $verify(SECRET, $sign(SECRET), later: 300);
        $verify(SECRET, $sign(SECRET), later: -300);
        same(WebhookFailure::Expired, $reason(static fn () => $verify(SECRET, $sign(SECRET), later: 301)));
        same(WebhookFailure::Expired, $reason(static fn () => $verify(SECRET, $sign(SECRET), later: -301)));
    },
    'headers and secrets are checked' => static function () use ($headers, $verify, $reason): void {
        same(WebhookFailure::BadHeader, $reason(static fn () => Webhook::verify(BODY, [], SECRET)));
        same(WebhookFailure::BadHeader, $reason(static fn () => Webhook::verify(BODY, $headers('msg.1', ''), SECRET, TIME)));
        thrown(\InvalidArgumentException::class, static fn () => $verify('whsec_!', ''));
        thrown(\InvalidArgumentException::class, static fn () => $verify([], ''));
    },
];
