import AsyncAlgorithms
import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// What happens, live and as history.
struct EventRoutes: Sendable {
    let parts: ServerParts
    /// So many events of the past at most are sent in one piece to a listener that comes back.
    private static let pageSize = 500

    func add(to router: Router<AppContext>) {
        let events = router.group("/api/events")
        events.get(use: self.stream)
        events.get("history", use: self.history)
    }

    @Sendable func history(request: Request, context: AppContext) async throws -> EventListResponse {
        let (limit, before) = try together(
            Result { try request.queryInt("limit", default: 100, in: 1...1000) },
            Result { try request.queryInt("before", default: .max, in: 1...Int.max) })
        let events = try await self.parts.database.events.newest(before: Int64(before), limit: limit)
        let next = events.count == limit ? events.last.map { String($0.id) } : nil
        return EventListResponse(events.map(EventMessage.init), nextCursor: next)
    }

    /// Server-sent events: what happens from now on, or, with `Last-Event-ID` (or `?after=`), since then.
    ///
    /// https://html.spec.whatwg.org/multipage/server-sent-events.html
    @Sendable func stream(request: Request, context: AppContext) async throws -> Response {
        let given = request.headers[.lastEventID] ?? request.queryString("after")
        var last: Int64
        if let given {
            guard let number = Int64(given), number >= 0 else {
                throw CastError(
                    .invalid, "“\(given.prefix(40))” is no event's id; it is the number of the last event seen.")
            }
            last = number
        } else {
            last = try await self.parts.database.events.latestID()
        }
        let start = last
        let signals = Self.signals(self.parts)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"],
            body: ResponseBody { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    var last = start
                    // At once, so that the listener knows that it is connected.
                    try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
                    last = try await self.send(after: last, to: &writer)
                    for await signal in signals.cancelOnGracefulShutdown() {
                        switch signal {
                        case .news: last = try await self.send(after: last, to: &writer)
                        case .progress(let report): try await writer.write(Self.text(report))
                        // Clients and proxies give up on silence.
                        case .tick: try await writer.write(ByteBuffer(string: ": \n\n"))
                        }
                    }
                }
                try await writer.finish(nil)
            })
    }

    private enum Signal: Sendable {
        case news
        case progress(LiveProgress.Report)
        case tick
    }

    private static func signals(_ parts: ServerParts) -> some AsyncSequence<Signal, Never> & Sendable {
        merge(
            parts.database.news.listen().map { Signal.news }, parts.live.listen().map { Signal.progress($0) },
            AsyncTimerSequence(interval: .seconds(15), clock: ContinuousClock()).map { _ in Signal.tick })
    }

    /// - Returns: The id of the last event that was sent.
    private func send(after id: Int64, to writer: inout any ResponseBodyWriter) async throws -> Int64 {
        var last = id
        while true {
            let events = try await self.parts.database.events.after(last, limit: Self.pageSize)
            guard let newest = events.last else { return last }
            var text = ""
            for event in events {
                text +=
                    "id: \(event.id)\nevent: \(event.kind.rawValue)\ndata: \(try Self.json(EventMessage(event)))\n\n"
            }
            try await writer.write(ByteBuffer(string: text))
            last = newest.id
            if events.count < Self.pageSize { return last }
        }
    }

    private static func text(_ report: LiveProgress.Report) throws -> ByteBuffer {
        let message = ProgressMessage(
            jobID: report.job, episodeID: report.episode, progressPercent: report.percent)
        return ByteBuffer(string: "event: job.progress\ndata: \(try Self.json(message))\n\n")
    }

    /// One line: JSON has no line breaks of its own.
    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension EventListResponse: ResponseEncodable {}
