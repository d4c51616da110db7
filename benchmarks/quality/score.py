#!/usr/bin/env python3
# Origin: a copy of ../shared/typeset/score.py, the scorer that comes with the shared typeset pages. Change it there.
"""Score a text normalizer on boundary labels.

  score.py --gold DIR --pred DIR            DIR/NAME.out.txt or DIR/NAME.in.txt or DIR/NAME.txt per document
  score.py --gold DIR --cmd 'COMMAND'       COMMAND reads one document on stdin, writes it on stdout
  score.py --gold DIR --baseline identity|gold|naive|none|strip
  options: --json FILE (all numbers), --per-doc, --by engine|extractor|source|lang

N(x) = the non-whitespace characters of x.  Every boundary between two consecutive characters of
N(input) carries a truth label (NAME.meta.json, 'labels'):
  j join   s space   n newline   w space or newline (both right, join wrong)   * anything goes
The prediction's label at a boundary is read off the whitespace it printed there:
  none -> j, whitespace without a line break -> s, with a line break -> n.
If N(prediction) != N(input) (after canon()), the two are aligned with difflib; boundaries at
changed characters get the label '!' which is never right.  Stdlib only.
"""
import argparse, difflib, json, os, re, subprocess, sys, unicodedata

# ------------------------------------------------------------------ text model
_RAD = dict(zip('⺀⺁⺄⺇⺈⺊⺌⺍⺐⺒⺓⺔⺕⺖⺗⺘⺙⺝⺞⺟⺠⺡⺢⺣⺥⺧⺨⺩⺪⺫⺬⺭⺮⺯⺱⺲⺳⺵⺶⺹⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻈⻉⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳',
                '冫厂乙几人卜小小尢巳幺彑彑忄心扌攵月歺母民氵氺灬爫牛犭王疋目示礻竹糸罒罒网罒羊耂聿肉臼艹艹艹虎衤覀西见角讠贝车辶辶辶阝钅長镸长门阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟'))
def canon(c):
    """One character as compared: full-width ASCII -> half-width; radicals, vertical and
    compatibility forms -> the ordinary character."""
    o = ord(c)
    if 0xFF01 <= o <= 0xFF5E: return chr(o - 0xFEE0)
    if 0x2E80 <= o <= 0x2EFF: return _RAD.get(c, c)
    if 0x2F00 <= o <= 0x2FDF or 0xF900 <= o <= 0xFAFF or 0xFE10 <= o <= 0xFE4F:
        k = unicodedata.normalize('NFKC', c); return canon(k) if len(k) == 1 and k != c else c
    return c

_INVIS = set('\ufeff\u200b\u200c\u200d\u2060\u00ad')
def is_ws(c): return c.isspace() or c in _INVIS
def split_seps(text):
    """-> (non-whitespace characters, whitespace after each but the last)."""
    chars, seps, buf = [], [], ''
    for c in text:
        if is_ws(c): buf += c
        else:
            if chars: seps.append(buf)
            chars.append(c); buf = ''
    return chars, seps
def sep_label(s): return 'j' if not s else ('n' if re.search('[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]', s) else 's')

def right(gold, pred): return gold == '*' or gold == pred or (gold == 'w' and pred in 'sn')

# ------------------------------------------------------------------ one document
def pred_labels(in_text, pred_text):
    """Predicted label at every boundary of the input's character sequence, and whether content is equal."""
    ci, _ = split_seps(in_text); cp, sp = split_seps(pred_text)
    a = ''.join(map(canon, ci)); b = ''.join(map(canon, cp))
    if a == b: return ''.join(map(sep_label, sp)), True
    to = [None] * len(a)
    for x, y, k in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        for t in range(k): to[x + t] = y + t
    return ''.join(sep_label(sp[to[i]]) if to[i] is not None and to[i + 1] == to[i] + 1 else '!' for i in range(len(a) - 1)), False

HAN = re.compile('[\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff]')
def boundary_classes(in_text, meta):
    """Artifact class of each boundary that had whitespace in the input (None elsewhere)."""
    chars, seps = split_seps(in_text); n = len(chars)
    inl = [sep_label(s) for s in seps]
    kind = [None] * n
    for s, e, k, *_ in meta['blocks']:
        for i in range(s, e): kind[i] = k
    # spaced lines: most Han-Han boundaries of the line carry a space
    spaced = [False] * n; line_len = [0] * n; st = 0
    for i in range(n):
        if i + 1 == n or inl[i] == 'n':
            hh = [inl[t] for t in range(st, i) if HAN.match(chars[t]) and HAN.match(chars[t + 1])]
            sp = len(hh) >= 3 and sum(x == 's' for x in hh) >= .5 * len(hh)
            for t in range(st, i + 1): spaced[t] = sp; line_len[t] = i + 1 - st
            st = i + 1
    lat = lambda c: '!' <= canon(c) <= '~' and canon(c).isalnum() or canon(c) in '%.+-/'
    out = []
    for i, l in enumerate(inl):
        if l == 'j': out.append(None); continue
        same = kind[i] == kind[i + 1] and kind[i]
        if l == 's':
            c = 'byline' if same in ('byline', 'credit') else 'heading' if same in ('headline', 'sub', 'h', 'kicker') else \
                'letterspaced-line' if spaced[i] else 'han-latin-gap' if lat(chars[i]) != lat(chars[i + 1]) else 'other-space'
        else:
            c = 'byline' if same in ('byline', 'credit') else \
                'vertical' if line_len[i] <= 2 and line_len[i + 1] <= 2 else \
                'heading-wrap' if same in ('headline', 'sub', 'h', 'kicker') else 'column-wrap'
        out.append(c)
    return out

def score_doc(in_text, gold_text, pred_text, meta):
    """-> counters (dict of ints) for one document; add them up for the micro average."""
    from collections import Counter
    C = Counter(docs=1)
    _, seps = split_seps(in_text); inl = ''.join(map(sep_label, seps))
    G = meta['labels']; P, same = pred_labels(in_text, pred_text)
    assert len(G) == len(inl) == len(P), (meta.get('name'), len(G), len(inl), len(P))
    C['content_ok'] = int(same)
    if same:                                           # Kangxi radicals etc. turned into ordinary characters
        for ci, cg, cp in zip(split_seps(in_text)[0], split_seps(gold_text)[0], split_seps(pred_text)[0]):
            if ci != cg and (0x2E80 <= ord(ci) <= 0x2FDF or 0xF900 <= ord(ci) <= 0xFE4F): C['rad_n'] += 1; C['rad_ok'] += cp == cg
    cls = boundary_classes(in_text, meta)
    for i, (x, g, p) in enumerate(zip(inl, G, P)):
        if g == '*': continue
        ok = right(g, p); c = cls[i]
        if x == 's':                                   # a space in the input
            if g == 'j': C['sp_tp' if p == 'j' else 'sp_fn'] += 1; C['cls_n:space/' + c] += 1; C['cls_ok:space/' + c] += ok
            else:
                C['sp_keep_n'] += 1; C['sp_keep_ok'] += ok
                if p == 'j': C['sp_fp'] += 1
        elif x == 'n':                                 # a line break in the input
            joined = p in 'js'
            if g in 'js':
                C['ln_tp' if ok else 'ln_fn'] += 1; C['cls_n:join/' + c] += 1; C['cls_ok:join/' + c] += ok
                if joined and not ok: C['ln_fp'] += 1
            else:
                C['br_n'] += 1; C['br_ok'] += ok; C['cls_n:break/' + c] += 1; C['cls_ok:break/' + c] += ok
                if joined and not ok: C['ln_fp'] += 1
        else:                                          # nothing in the input
            if g == 'j': C['in_n'] += 1; C['in_bad'] += p != 'j'
    # exact runs
    def exact(s, e):
        """Inside [s,e) all boundaries right, and broken off on both sides where the truth has a break."""
        return all(right(G[i], P[i]) for i in range(max(0, s - 1), min(e, len(G))))
    for s, e, kind, bi, whole in meta['blocks']:
        if e - s < 2: continue
        inner = inl[s:e - 1]; gi = G[s:e - 1]
        damaged = any(not right(g, x) for g, x in zip(gi, inner))
        orient_v = inner.count('n') >= 3 and inner.count('n') >= .6 * len(inner)
        if kind in ('headline', 'sub', 'kicker', 'h') and orient_v and whole:
            C['vert_n'] += 1; C['vert_ok'] += exact(s, e)
        if kind == 'byline' and whole and damaged:
            C['by_n'] += 1; C['by_ok'] += exact(s, e)
            if orient_v: C['byv_n'] += 1; C['byv_ok'] += exact(s, e)
        if kind in ('headline', 'sub', 'h', 'kicker') and whole and not orient_v:
            C['head_n'] += 1; C['head_ok'] += exact(s, e)
    # paragraphs (= gold lines, cut where the truth label is a break)
    st = 0; allok = same
    for i in range(len(G) + 1):
        if i == len(G) or G[i] == 'n':
            C['par_n'] += 1; ok = exact(st, i + 1); C['par_ok'] += ok; allok = allok and ok; st = i + 1
    C['doc_ok'] = int(allok)
    return C

# ------------------------------------------------------------------ report
def pct(a, b): return None if not b else 100.0 * a / b
def summary(C):
    tp, fp, fn = C['sp_tp'], C['sp_fp'], C['sp_fn']; P, R = pct(tp, tp + fp), pct(tp, tp + fn)
    ltp, lfp, lfn = C['ln_tp'], C['ln_fp'], C['ln_fn']; LP, LR = pct(ltp, ltp + lfp), pct(ltp, ltp + lfn)
    f = lambda p, r: None if p is None and r is None else 0.0 if not p or not r else 2 * p * r / (p + r)
    S = dict(docs=C['docs'], content_preserved=pct(C['content_ok'], C['docs']),
             space_precision=P, space_recall=R, space_f1=f(P, R), legit_spaces_kept=pct(C['sp_keep_ok'], C['sp_keep_n']),
             join_precision=LP, join_recall=LR, join_f1=f(LP, LR), breaks_kept=pct(C['br_ok'], C['br_n']),
             clean_boundaries_damaged=pct(C['in_bad'], C['in_n']),
             vertical_exact=pct(C['vert_ok'], C['vert_n']), byline_exact=pct(C['by_ok'], C['by_n']), byline_vertical_exact=pct(C['byv_ok'], C['byv_n']),
             heading_exact=pct(C['head_ok'], C['head_n']), paragraph_exact=pct(C['par_ok'], C['par_n']), document_exact=pct(C['doc_ok'], C['docs']),
             radicals_fixed=pct(C['rad_ok'], C['rad_n']))
    N = dict(content_preserved=C['docs'], space_precision=tp + fp, space_recall=tp + fn, legit_spaces_kept=C['sp_keep_n'], join_precision=ltp + lfp,
             join_recall=ltp + lfn, breaks_kept=C['br_n'], clean_boundaries_damaged=C['in_n'], vertical_exact=C['vert_n'], byline_exact=C['by_n'],
             byline_vertical_exact=C['byv_n'], heading_exact=C['head_n'], paragraph_exact=C['par_n'], document_exact=C['docs'], radicals_fixed=C['rad_n'])
    K = {k[6:]: (C['cls_ok:' + k[6:]], v) for k, v in sorted(C.items()) if k.startswith('cls_n:')}
    return S, N, K
def show(title, C, classes=True):
    S, N, K = summary(C); print('== %s (%d documents)' % (title, S['docs']))
    for k, v in S.items():
        if k != 'docs': print('  %-26s %s%s' % (k, '   n/a' if v is None else '%6.2f' % v, '   of %d' % N[k] if k in N else ''))
    if classes:
        print('  per artifact class (right / all):')
        for k, (a, n) in K.items(): print('    %-28s %6.2f  of %d' % (k, 100.0 * a / n, n))

# ------------------------------------------------------------------ trivial predictors
def naive(t):
    """Remove spaces next to a Han character; join every line that does not end in 。！？”"""
    t = re.sub('(?<=[^\x00-\x7f])[ \t\u3000]+|[ \t\u3000]+(?=[^\x00-\x7f])', '', t)
    out = ''
    for ln in filter(None, (x.strip() for x in t.splitlines())): out += ln + ('\n' if ln[-1] in '。！？”' else '')
    return out
BASE = dict(identity=lambda t, g: t, gold=lambda t, g: g, naive=lambda t, g: naive(t),
            none=lambda t, g: re.sub(r'\s+', '', t), strip=lambda t, g: re.sub(r'[ \t\u3000]+', '', t))

def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--gold', required=True); ap.add_argument('--pred'); ap.add_argument('--cmd'); ap.add_argument('--baseline', choices=sorted(BASE))
    ap.add_argument('--json'); ap.add_argument('--per-doc', action='store_true'); ap.add_argument('--by'); ap.add_argument('--only', help='key=value on meta, e.g. extractor=pdfminer')
    a = ap.parse_args()
    if sum(map(bool, (a.pred, a.cmd, a.baseline))) != 1: ap.error('give exactly one of --pred, --cmd, --baseline')
    from collections import Counter
    tot, by, docs = Counter(), {}, {}
    rd = lambda p: open(p, encoding='utf8', newline='').read()
    names = sorted(f[:-7] for f in os.listdir(a.gold) if f.endswith('.in.txt'))
    for nm in names:
        base = os.path.join(a.gold, nm); meta = json.load(open(base + '.meta.json', encoding='utf8'))
        if a.only and str(meta.get(a.only.split('=')[0])) != a.only.split('=')[1]: continue
        t, g = rd(base + '.in.txt'), rd(base + '.gold.txt')
        if a.baseline: p = BASE[a.baseline](t, g)
        elif a.cmd:
            r = subprocess.run(a.cmd, shell=True, input=t.encode('utf8'), stdout=subprocess.PIPE); p = r.stdout.decode('utf8', 'replace')
            if r.returncode: print('warning: %s: command exited %d' % (nm, r.returncode), file=sys.stderr)
        else:
            for ext in ('.out.txt', '.pred.txt', '.txt', '.in.txt', '.gold.txt'):
                if os.path.exists(os.path.join(a.pred, nm + ext)): p = rd(os.path.join(a.pred, nm + ext)); break
            else: print('warning: no prediction for', nm, file=sys.stderr); p = ''
        C = score_doc(t, g, p, meta); tot.update(C); docs[nm] = C
        if a.by: by.setdefault(str(meta.get(a.by)), Counter()).update(C)
        if a.per_doc:
            S = summary(C)[0]; print(nm, ' '.join('%s=%s' % (k, 'n/a' if S[k] is None else '%.1f' % S[k]) for k in ('content_preserved', 'space_f1', 'join_f1', 'vertical_exact', 'byline_exact', 'paragraph_exact', 'document_exact')))
    for k in sorted(by): show('%s=%s' % (a.by, k), by[k], classes=False)
    show('all', tot)
    if a.json: json.dump(dict(total=summary(tot)[0], by={k: summary(v)[0] for k, v in by.items()}, docs={k: summary(v)[0] for k, v in docs.items()}), open(a.json, 'w'), indent=1)
if __name__ == '__main__': main()
