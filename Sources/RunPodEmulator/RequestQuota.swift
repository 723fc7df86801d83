import CastCore

/// How many requests an account may still send in each window; told in the headers of every answer.
struct RequestQuota: Sendable {
    private struct Window {
        var name: String
        var quota: Int
        var length: Int64
        var number: Int64 = -1
        var used = 0
    }

    private var windows: [Window]

    init(perMinute: Int) {
        self.windows = [
            Window(name: "minute", quota: perMinute, length: 60),
            Window(name: "hour", quota: perMinute * 50, length: 3600),
            Window(name: "day", quota: perMinute * 800, length: 86_400),
        ]
    }

    /// Counts a request.
    ///
    /// - Returns: The headers that tell of it, and how long to wait when it is one too many.
    mutating func count(at now: Duration) -> (headers: [(String, String)], wait: Int?) {
        let second = now.components.seconds
        var wait: Int?
        var left: [String] = []
        for index in self.windows.indices {
            let length = self.windows[index].length
            if self.windows[index].number != second / length {
                self.windows[index].number = second / length
                self.windows[index].used = 0
            }
            let window = self.windows[index]
            let rest = Int(length - second % length)
            if window.used >= window.quota {
                wait = max(wait ?? 0, rest)
            } else {
                self.windows[index].used += 1
            }
            left.append("\"\(window.name)\";r=\(max(0, window.quota - self.windows[index].used));t=\(rest)")
        }
        let policy = self.windows.map { "\"\($0.name)\";q=\($0.quota);w=\($0.length)" }
        return (
            [("RateLimit", left.joined(separator: ", ")), ("RateLimit-Policy", policy.joined(separator: ", "))], wait
        )
    }
}
