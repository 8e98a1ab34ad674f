// Random service hours judged by another implementation, the npm package opening_hours,
// for test/t/085_opening_hours.pl.  Arguments: how many expressions, a seed.  The zone is
// that of the process (TZ).  Prints expression, from, to, seconds open between them, and
// whether it is open at instants: all separated by tabs.
const OpeningHours = require(process.env.ITSM_OPENING_HOURS || 'opening_hours');

let state = BigInt(process.argv[3]);
function random(below) {
	state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
	return Number(state >> 33n) % below;
}
const one = (list) => list[random(list.length)];
const two = (n) => String(n).padStart(2, '0');
const days = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function weekdays() {
	switch (random(4)) {
		case 0: return one(days);
		case 1: return 'Mo-Fr';
		case 2: { const a = random(6); return days[a] + '-' + days[a + 1 + random(6 - a)]; }
		default: return days.filter(() => random(2)).join(',') || 'Su';
	}
}
function dates() {
	const month = random(12), day = 1 + random(lengths[month] - 3), year = 2025 + random(3);
	switch (random(4)) {
		case 0: return `${months[month]} ${two(day)}`;
		case 1: return `${months[month]} ${two(day)}-${two(day + 1 + random(2))}`;
		case 2: return `${year} ${months[month]} ${two(day)}`;
		default: return `${year} Dec 24-${year + 1} Jan 0${1 + random(3)}`;
	}
}
// Times of a day in order and apart.
function times(pastMidnight) {
	const list = [];
	let at = 300 + random(8) * 30;
	for (let n = 1 + random(3); n > 0 && at < 1320; n--) {
		const to = Math.min(at + 30 + random(12) * 30, 1440);
		list.push(`${two(Math.floor(at / 60))}:${two(at % 60)}-${two(Math.floor(to / 60))}:${two(to % 60)}`);
		at = to + 30 + random(5) * 30;
	}
	if (pastMidnight && at < 1410)
		list.push(`22:30-0${random(4)}:${one(['15', '30', '45'])}`);
	return list.join(',');
}
function expression() {
	const rules = [];
	// past midnight in one rule only: what others then take away differs (see the test)
	if (random(4) === 0)
		return `${one(['', dates() + ' '])}${weekdays()} ${times(true)}`;
	rules.push(random(8) === 0 ? '24/7' : `${weekdays()} ${times(false)}`);
	for (let n = random(3); n > 0; n--)
		rules.push(`${weekdays()} ${random(4) === 0 ? 'off' : times(false)}`);
	for (let n = random(4); n > 0; n--)
		rules.push(`${dates()} ${random(2) === 0 ? 'off' : times(false)}`);
	return rules.join('; ');
}

for (let n = Number(process.argv[2]); n > 0; n--) {
	const text = expression();
	const hours = new OpeningHours(text, null, { locale: 'en' });
	const from = new Date(Date.UTC(2025, random(30), 1 + random(28), random(24), random(60)));
	const to = new Date(from.getTime() + (1 + random(60 * 24 * 60)) * 60000);
	const states = [];
	for (let i = 0; i < 20; i++) {
		const at = new Date(from.getTime() + random(120 * 24 * 60) * 60000);
		states.push(at.toISOString() + '=' + (hours.getState(at) ? 't' : 'f'));
	}
	console.log([text, from.toISOString(), to.toISOString(), hours.getOpenDuration(from, to)[0] / 1000, states.join(' ')].join('\t'));
}
