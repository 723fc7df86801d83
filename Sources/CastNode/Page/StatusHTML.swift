import CastCore

/// The status page for people: it reloads itself, needs no script, and asks no other host for anything.
package enum StatusHTML {
    package static func page(_ status: NodeStatus) -> String {
        let name = self.escaped(status.name)
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="refresh" content="5">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(name) – cast2md node</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
            th { text-align: left; font-weight: normal; padding-right: 2rem; color: GrayText }
            progress { width: 100% }
            .stages td { text-align: right; padding-right: 1rem; font-variant-numeric: tabular-nums }
            :root { color-scheme: light dark }
            </style>
            </head>
            <body>
            <h1>\(name)</h1>
            \(self.current(status))
            <table>
            \(self.row("State", status.running ? "working" : "leaving"))
            \(self.row("Server", status.server + self.reachability(status)))
            \(self.row("Model", status.model))
            \(self.row("Being fetched", "\(status.fetching)"))
            \(self.row("Waiting", "\(status.prefetched)"))
            \(self.row("To be handed in", "\(status.spool)"))
            \(self.row("Audio", self.audio(status.audio)))
            \(self.row("Done", "\(status.jobsDone)"))
            \(self.row("Failed", "\(status.jobsFailed)"))
            \(self.row("Running for", self.time(status.uptimeSeconds)))
            </table>
            \(self.stages(status.stages))
            </body>
            </html>

            """
    }

    private static func current(_ status: NodeStatus) -> String {
        guard let job = status.currentJob else { return "<p>No job in recognition.</p>" }
        return """
            <p>\(self.escaped(job.episodeTitle ?? "Job \(job.jobID)")): \(job.progressPercent) %, \
            \(self.time(job.elapsedSeconds))</p>
            <progress max="100" value="\(job.progressPercent)"></progress>
            """
    }

    private static func audio(_ audio: FetchedAudio) -> String {
        func megabytes(_ bytes: Int64) -> String { "\(StageLog.tenths(Double(bytes) / 1e6)) MB" }
        let misses = audio.differing + audio.failing
        return "\(megabytes(audio.serverBytes)) from the server, \(megabytes(audio.publisherBytes)) from publishers"
            + (misses == 0 ? "" : ", \(misses) tries with publishers in vain")
    }

    /// The slow stage is the one that is busy while others wait.
    private static func stages(_ reports: [StageReport]) -> String {
        guard reports.contains(where: { $0.items > 0 }) else { return "" }
        let rows = reports.map { report in
            let cells = [
                StageLog.tenths(report.busySeconds), StageLog.tenths(report.waitingSeconds), "\(report.items)",
                "\(Int(report.audioSeconds))", "\(report.queue)",
            ]
            return "<tr><th scope=\"row\">\(report.stage.rawValue)</th>"
                + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        let heads = ["Stage", "Busy (s)", "Waiting (s)", "Items", "Audio (s)", "Queued"]
        return """
            <h2>Stages</h2>
            <table class="stages">
            <tr>\(heads.map { "<th scope=\"col\">\($0)</th>" }.joined())</tr>
            \(rows.joined(separator: "\n"))
            </table>
            """
    }

    private static func reachability(_ status: NodeStatus) -> String {
        switch status.serverReachable {
        case true?: ""
        case false?: " (gives no answer)"
        case nil: " (not asked yet)"
        }
    }

    private static func row(_ name: String, _ value: String) -> String {
        "<tr><th scope=\"row\">\(name)</th><td>\(self.escaped(value))</td></tr>"
    }

    private static func time(_ seconds: Int) -> String {
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min" }
        return "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }

    static func escaped(_ text: String) -> String {
        var safe = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&#39;"
            default: safe.unicodeScalars.append(character)
            }
        }
        return safe
    }
}
