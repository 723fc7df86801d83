import CastCore
package import Foundation

extension Pages {
    /// An episode with its audio and its transcript.
    package func episode(_ view: EpisodeView, now: Date) -> String {
        let dates = PageDates(now: now, zone: self.zone)
        let (label, tone) = PageText.label(view.state, isQueued: view.isQueued)
        let isRunning = view.state == .downloading || view.state == .transcribing
        let address = PageAddress.episode(view.id)
        let fields: Fields = [
            "id": String(describing: view.id), "title": view.title, "published": dates.day(view.publishedAt).orFalse,
            "length": PageText.length(view.duration ?? view.transcript?.duration).orFalse,
            "link": PageAddress.outside(view.link).orFalse, "label": label, "tone": tone,
            "notice": view.notice.orFalse, "problem": view.problem.orFalse,
            "hasPercent": isRunning && view.percent != nil, "percent": view.percent ?? 0, "node": view.node.orFalse,
            "actionLabel": self.actionLabel(view).orFalse, "action": "\(address)/process",
            "isMainAction": view.transcript == nil,
            "formats": ["md", "txt", "srt", "vtt", "json"].map { name in
                ["name": name, "address": "/api/episodes/\(view.id)/transcript?format=\(name)"] as Fields
            },
            "description": view.description.orFalse,
            "hasAudio": view.hasAudio, "audioAddress": "/api/episodes/\(view.id)/audio",
            "hasTranscript": view.transcript != nil, "isSilent": view.transcript?.isEmpty ?? false,
            "language": (view.transcript?.language).orFalse,
            "paragraphs": view.transcript.map(self.paragraphs) ?? [],
            "origin": view.transcript.flatMap(self.origin).orFalse,
            "doubts": view.transcript?.quality?.findings.map(\.reason) ?? [],
            "isDoubtful": view.transcript?.quality?.isDoubtful ?? false,
            "secondTry": view.secondTry.map { self.secondTry($0, view) }.orFalse,
            "waitingSentence": self.waitingSentence(view),
            "hasAttempts": !view.attempts.isEmpty, "attemptCount": PageText.number(view.attempts.count),
            "isHistoryOpen": view.state == .failed,
            "attempts": view.attempts.reversed().map { self.row($0, dates) },
        ]
        let percent = view.percent.map { ", \($0 / 10 * 10) percent" } ?? ""
        return self.render(
            "episode", view.title, fields,
            crumbs: [("Podcasts", "/"), (view.feedTitle, PageAddress.feed(view.feedID))],
            isActive: isRunning || view.isQueued || view.state == .needsAudio,
            announcement: "\(label)\(isRunning ? percent : "").")
    }

    private func actionLabel(_ view: EpisodeView) -> String? {
        switch view.state {
        case .new: "Transcribe"
        case .failed: "Try again"
        case .audioReady: view.isQueued ? nil : "Transcribe"
        case .completed: "Transcribe again"
        case .awaitingTranscript, .needsAudio, .downloading, .transcribing: nil
        }
    }

    private func waitingSentence(_ view: EpisodeView) -> String {
        switch view.state {
        case .new: "There is no transcript yet."
        case .awaitingTranscript: "The publisher’s own transcript is awaited."
        case .needsAudio: "The audio is fetched as soon as it is its turn."
        case .downloading: "The audio is being fetched. The transcript appears here when it is done."
        case .audioReady:
            view.isQueued
                ? "The audio is here. It is transcribed as soon as a node is free." : "There is no transcript yet."
        case .transcribing: "The transcript appears here when it is done."
        case .completed: "The transcript’s file is not there any more. Transcribe it again to get it back."
        case .failed: "There is no transcript, because the last try failed."
        }
    }

    /// Sentences that belong together; five at a time where nobody said which do.
    private func paragraphs(_ transcript: Transcript) -> [Fields] {
        let isDivided = transcript.sentences.dropFirst().contains(where: \.startsParagraph)
        var paragraphs: [[Transcript.Sentence]] = []
        for sentence in transcript.sentences where !sentence.text.isEmpty {
            let begins = isDivided ? sentence.startsParagraph : (paragraphs.last?.count ?? 5) >= 5
            if begins || paragraphs.isEmpty { paragraphs.append([]) }
            paragraphs[paragraphs.count - 1].append(sentence)
        }
        var names: Set<String> = []
        return paragraphs.map { sentences in
            let start = sentences.first?.start ?? 0
            return [
                "start": PageText.position(start), "clock": PageText.clock(start),
                "sentences": sentences.map { sentence in
                    let start = PageText.position(sentence.start)
                    // A page has each name once, even if two sentences begin at one time.
                    return ["text": sentence.text, "start": start, "hasName": names.insert(start).inserted] as Fields
                },
            ]
        }
    }

    private func origin(_ transcript: Transcript) -> String? {
        switch transcript.source {
        case .publisher: return "The publisher’s own transcript."
        case .engine, .node:
            let parts = [transcript.model, transcript.engine, transcript.language.map { "language: \($0)" }]
            let text = parts.compactMap { $0 }.joined(separator: ", ")
            return text.isEmpty ? nil : "Recognised by \(text)."
        }
    }

    /// What came of a second try, and what was found at both transcripts.
    private func secondTry(_ secondTry: SecondTry, _ view: EpisodeView) -> Fields {
        let sentence =
            switch secondTry.outcome {
            case nil:
                view.canTryAgain
                    ? "A second try with \(secondTry.model) is under way; the better of the two is kept."
                    : "A second try with \(secondTry.model) waits: no node with this model is connected."
            case .keptFirst: "A second try with \(secondTry.model) was no better, so this one is kept."
            case .keptSecond: "This is the second try, with \(secondTry.secondModel ?? secondTry.model): it is better."
            case .failed: "A second try with \(secondTry.model) failed, so this one is kept."
            case .cancelled: "A second try with \(secondTry.model) was cancelled."
            }
        var qualities: [Fields] = []
        if let second = secondTry.second {
            qualities = [
                ["name": "First", "model": secondTry.firstModel.orFalse, "text": PageText.quality(secondTry.first)],
                ["name": "Second", "model": secondTry.secondModel.orFalse, "text": PageText.quality(second)],
            ]
        }
        return [
            "sentence": sentence, "qualities": qualities,
            "otherAddress": (view.hasOther ? "/api/episodes/\(view.id)/transcript?format=md&version=other" : nil)
                .orFalse,
        ]
    }

    private func row(_ attempt: EpisodeView.Attempt, _ dates: PageDates) -> Fields {
        let (label, tone) =
            switch attempt.outcome {
            case .running: ("Running", "busy")
            case .completed: ("Done", "good")
            case .failed: ("Failed", "bad")
            case .released: ("Handed back", "plain")
            case .expired: ("Lost", "wait")
            }
        let end = attempt.endedAt ?? dates.now
        return [
            "started": dates.recent(attempt.startedAt).orFalse,
            "stage": attempt.isSecondTry ? "Second try" : self.stage(attempt.kind), "node": attempt.node,
            "took": PageText.span(end.timeIntervalSince(attempt.startedAt)), "label": label, "tone": tone,
            "problem": attempt.problem.orFalse,
        ]
    }

    private func stage(_ kind: JobKind) -> String {
        switch kind {
        case .download: "Download"
        case .transcribe: "Transcription"
        case .transcriptDownload: "Publisher’s text"
        }
    }
}
