/* Sends the password, and goes on to the page. */

const form = document.getElementById('login');
const trouble = document.getElementById('trouble');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  const answer = await fetch('/login', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ password: form.elements.password.value }),
  }).catch(() => null);
  button.disabled = false;
  if (answer?.ok) { location.replace('/'); return; }
  const { error } = answer ? await answer.json().catch(() => ({ error: 'refused' })) : { error: 'the program does not answer' };
  trouble.textContent = error;
  trouble.hidden = false;
  form.elements.password.select();
});
