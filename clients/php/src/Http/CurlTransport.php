<?php

declare(strict_types=1);

namespace Celerity\Http;

use Celerity\Exception\NetworkException;

/** libcurl, which keeps connections open from one request to the next. */
final class CurlTransport implements Transport
{
    private const SELECT_SECONDS = 1.0;

    private readonly \CurlMultiHandle $multi;
    /** @var array<int, CurlTransfer> by the number of their handle */
    private array $transfers = [];

    public function __construct()
    {
        $this->multi = curl_multi_init();
    }

    public function open(Request $request): Response
    {
        $transfer = new CurlTransfer($request);
        $this->transfers[spl_object_id($transfer->handle)] = $transfer;
        curl_multi_add_handle($this->multi, $transfer->handle);
        while (!$transfer->hasHead && !$transfer->hasEnded) {
            $this->advance();
        }
        if (!$transfer->hasHead) {
            $this->remove($transfer);
            throw new NetworkException($transfer->trouble ?? 'No answer came.');
        }
        return Response::fromHead($transfer->head, $this->pieces($transfer));
    }

    /** @return \Generator<int, string> */
    private function pieces(CurlTransfer $transfer): \Generator
    {
        try {
            do {
                if ($transfer->received !== '') {
                    yield $transfer->take();
                } elseif (!$transfer->hasEnded) {
                    $this->advance();
                }
            } while (!$transfer->hasEnded || $transfer->received !== '');
            if ($transfer->trouble !== null) {
                throw new NetworkException($transfer->trouble);
            }
        } finally {
            $this->remove($transfer);
        }
    }

    /** Moves all transfers on, or waits until one can move. */
    private function advance(): void
    {
        curl_multi_exec($this->multi, $running);
        while (($message = curl_multi_info_read($this->multi)) !== false) {
            $this->transfers[spl_object_id($message['handle'])]->end($message['result']);
        }
        if ($running > 0) {
            curl_multi_select($this->multi, self::SELECT_SECONDS);
        }
    }

    private function remove(CurlTransfer $transfer): void
    {
        curl_multi_remove_handle($this->multi, $transfer->handle);
        unset($this->transfers[spl_object_id($transfer->handle)]);
    }
}
