import AsyncHTTPClient
import CastCore
package import Foundation
import NIOCore
import NIOHTTP1

extension CastClient {
    /// A GET whose answer comes with the server's time.
    ///
    /// - Parameter other: A status besides success with which the answer is still to be read.
    /// - Returns: The answer, and the time in its head; nil when there is none that can be read.
    package func getWithDate<Answer: Decodable & Sendable>(
        _ path: String, as type: Answer.Type = Answer.self, alsoStatus other: Int, timeout: Duration
    ) async throws -> (Answer, Date?) {
        let (data, date) = try await self.translating {
            try await withTimeLimit(timeout, clock: self.clock, self.place) {
                let response = try await self.connections.http.execute(self.request(.GET, path), timeout: .minutes(1))
                let body = Data((try await response.body.collect(upTo: 1 << 20)).readableBytesView)
                let status = Int(response.status.code)
                guard (200..<300).contains(status) || status == other else {
                    throw CastError(status: status, body: body, server: self.place)
                }
                return (body, response.headers.first(name: "Date").flatMap(HTTPDate.read))
            }
        }
        do {
            return (try JSONDecoder().decode(Answer.self, from: data), date)
        } catch {
            throw CastError(
                .unavailable, "\(self.place) did not answer as a cast2md server does. Check the address.", cause: error)
        }
    }
}

/// A time as HTTP has it: `Wed, 25 Nov 2026 01:31:10 GMT`.
package enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Returns: Nil for anything but the form that RFC 9110 prescribes.
    package static func read(_ text: String) -> Date? {
        guard let match = text.wholeMatch(of: /[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT/),
            let month = Self.months.firstIndex(of: String(match.2))
        else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = DateComponents(
            calendar: calendar, year: Int(match.3), month: month + 1, day: Int(match.1), hour: Int(match.4),
            minute: Int(match.5), second: Int(match.6))
        return parts.isValidDate ? parts.date : nil
    }
}
